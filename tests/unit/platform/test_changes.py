"""What is public and has changed is known in the process that changed it before anybody can ask."""

import asyncio

from pb_service.platform.changes import Listener, tell
from pb_service.platform.db import Database


async def test_the_process_that_changes_something_hears_of_it_before_its_commit_returns(database: Database) -> None:
    heard: list[str] = []
    listener = Listener(database.url, "test", lambda: heard.append("changed"))
    listening = asyncio.create_task(listener.run_forever())
    await asyncio.wait_for(listener.is_listening.wait(), 60)
    heard.clear()
    async with database.transaction() as session:
        await tell(session)
        assert heard == []
    assert heard, "nothing was awaited since the commit"
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
