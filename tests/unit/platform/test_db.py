"""The database edge keeps its rules: one transaction per command, reading never writes."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pb_service.platform.db import Database, uuid7


async def test_returning_commits_and_raising_rolls_back(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE kept (n int)"))
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO kept VALUES (1)"))
            raise ZeroDivisionError
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM kept")) == 0


async def test_a_write_in_a_read_path_is_refused(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"):
        async with database.reading() as session:
            await session.execute(text("CREATE TABLE never (n int)"))


def test_identifiers_are_uuid_version_7_and_differ() -> None:
    first, second = uuid7(), uuid7()
    assert first.version == second.version == 7
    assert first != second
