"""The database edge: one transaction per command, committed here and nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import UUID

import asyncpg
import uuid_utils
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from pb_service.platform.errors import DomainError

#: How long a request waits for a connection, new or free, before its reader is told to come back.
PATIENCE_SECONDS = 5


#: What the database's absence raises. The driver's own errors come where a connection is lost while SQLAlchemy still
#: makes it ready.
LOST = (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)

#: What PostgreSQL calls the end of a connection that is no fault of the command (SQLSTATE): shut down by hand, after a
#: crash, not up yet, and connections that are gone.
_GOING_DOWN = frozenset({"57P01", "57P02", "57P03", "08000", "08003", "08006"})


class Base(DeclarativeBase):
    """Base of every table. Constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def uuid7() -> UUID:
    """Return a new UUIDv7: index-friendly by time, without any meaning of its own."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


class DatabaseUnavailable(DomainError, ConnectionError):
    """The database cannot be reached just now. Also a ConnectionError: to whoever outlives those, it is one of them.

    After a command it says nothing about whether it was stored: the loss may have come after the commit.
    """

    status: ClassVar[int] = 503
    type: ClassVar[str] = "database-unavailable"


class Database:
    """A pool of connections to PostgreSQL. Make one per process; close it at the end.

    ``name`` is what the server's list of connections shows of this process.
    """

    def __init__(self, url: str, *, pool_size: int = 10, name: str = "pb") -> None:
        self.url = url
        self.name = name
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            pool_pre_ping=True,
            pool_timeout=PATIENCE_SECONDS,
            hide_parameters=True,  # errors are logged, and parameters are personal data
            connect_args={"timeout": PATIENCE_SECONDS, "server_settings": {"application_name": name}},
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session in one transaction: returning commits, raising rolls back. Raises DatabaseUnavailable."""
        async with _naming_loss(), self._sessions() as session, session.begin():
            await _connect(session)
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Yield a session whose transaction is read only, on one snapshot: a write in a read path fails early.

        Raises DatabaseUnavailable.
        """
        async with _naming_loss(), self._sessions() as session, session.begin():
            await _connect(session)
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield session

    async def close(self) -> None:
        await self.engine.dispose()


async def _connect(session: AsyncSession) -> None:
    """Get the connection now, where whatever goes wrong is the database's fault and not the command's."""
    try:
        await session.connection()
    except LOST as error:
        raise DatabaseUnavailable("The database cannot be reached.") from error


@asynccontextmanager
async def _naming_loss() -> AsyncIterator[None]:
    """Tell the loss of a connection in the middle of a command from the command's own faults."""
    try:
        yield
    except DBAPIError as error:
        # A server that goes down says so before the connection is closed, and only then would it be invalidated.
        if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _GOING_DOWN:
            raise DatabaseUnavailable("The connection to the database was lost.") from error
        raise
