"""What everybody gets alike is made once, kept for its time, and never given to whom it is not for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import httpx
import pytest
from litestar import Litestar, Request, Response, get
from litestar.config.compression import CompressionConfig
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter

from pb_service.web import kept
from pb_service.web.kept import NOT_TWICE, KeptAnswers, find_in

LONG = "a page of a certain length " * 100


@dataclass
class Town:
    """A small application that counts how often its pages are made."""

    made: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    answers: KeptAnswers | None = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0

    def app(self) -> Any:
        @get("/page", cache=True)
        async def page(turn: Annotated[int, QueryParameter()] = 1) -> Response[str]:
            self.made.append(str(turn))
            await self.free.wait()
            return Response(f"{LONG}{len(self.made)}", headers=self.headers)

        @get("/own")
        async def own() -> str:
            self.made.append("own")
            return "one's own"

        @get("/reader", cache=True)
        async def reader(request: Request[Any, Any, Any]) -> list[str]:
            return [name for name in ("cookie", "authorization") if name in request.headers]

        @get("/lost", cache=True)
        async def lost() -> str:
            self.made.append("lost")
            raise NotFoundException

        packing = CompressionConfig("gzip", minimum_size=1000)
        made = Litestar([page, own, reader, lost], compression_config=packing, response_cache_config=NOT_TWICE)
        answers = self.answers = KeptAnswers(
            find_in(made), lambda handler, _: self.shown.append(handler.handler_name), lambda: self.seconds
        )

        async def asked(scope: Any, receive: Any, send: Any) -> None:
            await answers.answer(made, scope, receive, send)

        self.free.set()
        return asked

    async def begins(self, number: int) -> None:
        """Wait until so many pages are made or being made."""
        async with asyncio.timeout(60):
            while len(self.made) < number:  # noqa: ASYNC110 - the page tells nobody else
                await asyncio.sleep(0)


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
async def reader(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=town.app()), base_url="http://town") as reader:
        yield reader


async def test_a_page_is_made_once_for_all_who_ask_at_once(town: Town, reader: httpx.AsyncClient) -> None:
    town.free.clear()
    asking = [asyncio.create_task(reader.get("/page")) for _ in range(20)]
    await town.begins(1)
    town.free.set()
    answers = await asyncio.gather(*asking, reader.get("/page"))
    assert {answer.text for answer in answers} == {f"{LONG}1"}
    assert len({answer.headers["x-request-id"] for answer in answers}) == 21
    assert (len(town.made), len(town.shown)) == (1, 20)


async def test_who_has_it_already_is_told_so_without_it(town: Town, reader: httpx.AsyncClient) -> None:
    """Also the first who asks, and whichever spelling of the tag a proxy has made."""
    tag = (await reader.get("/page")).headers["etag"]
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        again = await reader.get("/page", headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-encoding" not in again.headers
    assert (await reader.get("/page", headers={"if-none-match": '"other"'})).status_code == 200
    assert len(town.made) == 1


async def test_it_is_packed_once_and_plain_for_who_cannot_unpack_it(town: Town, reader: httpx.AsyncClient) -> None:
    """And either says that there is the other, for the caches on the way."""
    for _ in range(2):
        packed = await reader.get("/page", headers={"accept-encoding": "br, gzip"})
        plain = await reader.get("/page", headers={"accept-encoding": "identity"})
        assert (packed.headers["content-encoding"], plain.headers.get("content-encoding")) == ("gzip", None)
        assert packed.headers["vary"].lower() == plain.headers["vary"].lower() == "accept-encoding"
        assert packed.text == plain.text == f"{LONG}1"
        assert len(packed.content) > 20 * int(packed.headers["content-length"])
    assert len(town.made) == 1


async def test_only_what_a_page_reads_of_the_query_makes_another(town: Town, reader: httpx.AsyncClient) -> None:
    """A mark for counting readers, as social networks add it to links, does not; the turn of a count does."""
    for address in ("/page", "/page?fbclid=a", "/page?turn=2&x=1", "/page?x=2&turn=2"):
        await reader.get(address)
    assert town.made == ["1", "2"]


async def test_what_changes_while_it_is_made_is_not_kept(town: Town, reader: httpx.AsyncClient) -> None:
    """Who asked before the change may get what was so then; who asks after it gets what is so now."""
    assert town.answers
    town.free.clear()
    before = asyncio.create_task(reader.get("/page"))
    await town.begins(1)
    town.answers.forget()
    after = asyncio.create_task(reader.get("/page"))
    await town.begins(2)
    town.free.set()
    await asyncio.gather(before, after)
    assert len(town.made) == 2
    await reader.get("/page")
    assert len(town.made) == 2


async def test_a_page_is_made_again_when_its_time_is_over(town: Town, reader: httpx.AsyncClient) -> None:
    for town.seconds in (0, 29, 31, 60):
        await reader.get("/page")
    assert len(town.made) == 2


@pytest.mark.parametrize("path", ["/own", "/lost", "/nowhere"])
async def test_nothing_else_is_kept(town: Town, reader: httpx.AsyncClient, path: str) -> None:
    """One's own pages, refusals, addresses that there are not."""
    before = await asyncio.gather(*(reader.get(path) for _ in range(3)))
    assert len({answer.status_code for answer in before}) == 1
    assert len(town.made) == (0 if path == "/nowhere" else 3)


@pytest.mark.parametrize("headers", [{"set-cookie": "a=b"}, {"cache-control": "no-store"}])
async def test_an_answer_that_is_one_readers_own_is_given_to_nobody_else(
    town: Town, reader: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    town.headers = headers
    await asyncio.gather(*(reader.get("/page") for _ in range(3)))
    assert len(town.made) == 3


async def test_a_page_that_stays_the_same_keeps_its_tag(town: Town, reader: httpx.AsyncClient) -> None:
    """However often it is made, and by whichever process: what readers and proxies have stays good."""
    assert town.answers
    tags = set()
    for _ in range(2):
        tags.add((await reader.get("/page")).headers["etag"])
        town.answers.forget()
        town.made.clear()
    assert len(tags) == 1


async def test_a_process_keeps_a_bounded_number_of_answers(
    town: Town, reader: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for ever new addresses cannot fill the memory."""
    monkeypatch.setattr(kept, "_MOST_BYTES", 4 * len(LONG))
    for turn in (1, 2, 3, 4, 4, 1):
        await reader.get(f"/page?turn={turn}")
    assert town.made == ["1", "2", "3", "4", "1"]


async def test_whoever_makes_a_page_does_not_see_who_asks(reader: httpx.AsyncClient) -> None:
    """A page that shows what it should not is made as for a stranger, so it can show nobody's."""
    shown = await reader.get("/reader", headers={"cookie": "pb-session=secret", "authorization": "Bearer secret"})
    assert shown.json() == []


async def test_a_page_for_some_alone_is_kept_for_nobody(town: Town, reader: httpx.AsyncClient) -> None:
    """One that says it is another for each language."""
    town.headers = {"vary": "Accept-Language"}
    await asyncio.gather(*(reader.get("/page") for _ in range(2)))
    assert len(town.made) == 2


async def test_a_query_of_a_length_that_no_link_has_is_not_kept(town: Town, reader: httpx.AsyncClient) -> None:
    """Not even by its own length: two thousand addresses of a megabyte would be all of the memory."""
    for _ in range(2):
        assert (await reader.get(f"/page?turn=2&x={'y' * 1_000}")).status_code == 200
    assert town.made == ["2", "2"]
