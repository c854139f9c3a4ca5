"""Brings a database to the newest version of the tables, in this process, only if it is behind."""

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pb_service.settings import CHECKOUT

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = CHECKOUT / "alembic"

#: Any number that nothing else locks by: two processes that start together upgrade one after the other.
UPGRADE_LOCK = 5_022_319_907


class MigrationError(RuntimeError):
    """The database cannot be brought to this version. The message says why and what to do."""


async def upgrade(url: str) -> bool:
    """Upgrade the database at `url` to the newest revision; return whether anything had to be done.

    One transaction: a failed migration changes nothing. Raises MigrationError for a database newer than this code, and
    for one that does not let us in.
    """
    engine = create_async_engine(url)
    try:
        await _enter(engine)
        async with engine.begin() as connection:
            if await connection.run_sync(_behind):
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
                return await connection.run_sync(_upgrade)
            return False
    finally:
        await engine.dispose()


async def _enter(engine: AsyncEngine) -> None:
    """Raise MigrationError with what the database or the network says if no connection can be had."""
    try:
        async with engine.connect():
            pass
    except (OSError, DBAPIError) as error:
        said = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
        raise MigrationError(
            f"the database cannot be used: {said}. Is it running, and are host, user, password and name in "
            "PB_DATABASE_URL right?"
        ) from error


async def is_current(engine: AsyncEngine) -> bool:
    """Return whether a database has exactly the newest tables that this code knows."""
    async with engine.connect() as connection:
        return await connection.run_sync(_applied) == _newest()


async def check_known(engine: AsyncEngine) -> None:
    """Raise MigrationError for a database that a newer version of the service has written to."""
    async with engine.connect() as connection:
        await connection.run_sync(_behind)


@cache
def _newest() -> frozenset[str]:
    return revisions()[1]


def alembic_config(connection: Connection) -> "Config":
    """Return Alembic's configuration, without a file, for the checkout's scripts and this connection."""
    from alembic.config import Config  # noqa: PLC0415 - takes a second to import and is seldom needed

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def revisions(versions: Path = SCRIPTS / "versions") -> tuple[frozenset[str], frozenset[str]]:
    """Return all revisions, and the newest (those that no other follows), without importing them or Alembic."""
    known: set[str] = set()
    followed: set[str] = set()
    for path in versions.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    pass
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    pass
                case _:
                    continue
            if name in ("revision", "down_revision"):
                given = ast.literal_eval(value)
                (known if name == "revision" else followed).update([given] if isinstance(given, str) else given or [])
    return frozenset(known), frozenset(known - followed)


def _applied(connection: Connection) -> frozenset[str]:
    # Not to_regclass(): within one transaction it may remember that the table was missing before another made it.
    exists = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'alembic_version'"
    if connection.scalar(text(exists)) == 0:
        return frozenset()
    return frozenset(connection.scalars(text("SELECT version_num FROM alembic_version")))


def _behind(connection: Connection) -> bool:
    known, newest = revisions()
    applied = _applied(connection)
    if unknown := applied - known:
        raise MigrationError(
            f"the database has the revision {', '.join(sorted(unknown))}, which this version does not know: "
            "it was written by a newer version of the service; start that one, or restore a backup"
        )
    return applied != newest


def _upgrade(connection: Connection) -> bool:
    if not _behind(connection):  # another process was faster
        return False
    from alembic import command  # noqa: PLC0415 - see alembic_config

    command.upgrade(alembic_config(connection), "heads")
    return True
