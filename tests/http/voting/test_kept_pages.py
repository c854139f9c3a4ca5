"""Pages that are kept give way as soon as what they tell has changed, whoever has changed it."""

import asyncio

import httpx

from tests.voting import OpenVote, close, counted

PAGES = ("/en", "/en/rounds/spring", "/api/v1/rounds/spring")


async def read(client: httpx.AsyncClient) -> list[str]:
    return [(await client.get(page)).text for page in PAGES]


async def until_new(client: httpx.AsyncClient, page: str, old: str) -> str:
    """The page once it is another: the word of a change needs a moment from its commit on."""
    async with asyncio.timeout(120):
        while (new := (await client.get(page)).text) == old:  # noqa: ASYNC110 - another process may have said it
            await asyncio.sleep(0.02)
    return new


async def test_pages_change_with_the_phase_and_with_the_results(client: httpx.AsyncClient, vote: OpenVote) -> None:
    """Before their half minute is over, which never ends here."""
    client._transport.app.kept._seconds = lambda: 0.0  # type: ignore[attr-defined] # the application under test
    open_pages = await read(client)
    await close(vote)
    counting = [await until_new(client, page, old) for page, old in zip(PAGES, open_pages, strict=True)]
    assert (await client.get("/data/spring/pohjoinen/outcome.json")).status_code == 404
    await counted(vote)
    for page, old in zip(PAGES, counting, strict=True):
        await until_new(client, page, old)
    assert (await client.get("/data/spring/pohjoinen/outcome.json")).status_code == 200
