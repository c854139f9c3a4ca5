"""Migrations: done when needed, once, and never on a database from the future."""

import asyncio
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from pb_service.platform.db import Database
from pb_service.platform.migrate import MigrationError, alembic_config, revisions, upgrade


async def test_a_new_database_is_upgraded_once(empty_database_url: str) -> None:
    assert await upgrade(empty_database_url) is True
    assert await upgrade(empty_database_url) is False


async def test_processes_that_start_together_upgrade_once(empty_database_url: str) -> None:
    outcomes = await asyncio.gather(*(upgrade(empty_database_url) for _ in range(3)))
    assert sorted(outcomes) == [False, False, True]


async def test_a_database_from_the_future_is_refused(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(MigrationError, match="from-the-future"):
        await upgrade(database.url)


async def test_the_migrations_make_exactly_the_tables_of_the_stages(database: Database) -> None:
    async with database.engine.connect() as connection:
        await connection.run_sync(
            lambda connection: command.check(alembic_config(connection))
        )  # raises for a difference


def test_the_newest_revisions_are_read_from_the_files(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('revision = "1"\ndown_revision = None\n')
    (tmp_path / "two.py").write_text('revision: str = "2"\ndown_revision: str | None = "1"\n')
    assert revisions(tmp_path) == (frozenset({"1", "2"}), frozenset({"2"}))
    (tmp_path / "branch.py").write_text('revision = "3"\ndown_revision = "1"\n')
    assert revisions(tmp_path)[1] == {"2", "3"}
    (tmp_path / "merge.py").write_text('revision = "4"\ndown_revision = ("2", "3")\n')
    assert revisions(tmp_path)[1] == {"4"}
