"""A registrar makes a roll by its pages, residents find themselves on it; no page shows anybody's number."""

import asyncio
import re
from urllib.parse import unquote

import httpx
import pytest

from pb_service.background import job_runner
from pb_service.core.record.canonical import decode, encode
from tests.desk import entry_in
from tests.residents import OWN_HEADERS, csrf_in
from tests.rolls import code, listed, proven, taken
from tests.staff import Desk, Member
from tests.voting import Official, OpenVote

PAGE = "staff/rounds/spring/roll"
RESIDENT = "rounds/spring/roll"


async def enter(desk: Desk, person: Official) -> None:
    assert person.actor.account_id
    await desk.enter(Member(person.actor.account_id, "", ""))


async def hand_in(desk: Desk, body: bytes) -> httpx.Response:
    shown = (await desk.get(PAGE)).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', shown)
    assert csrf
    return await desk.client.post(
        f"/en/{PAGE}/hand-in",
        data={"csrf": csrf[1]},
        files={"list": ("list.csv", body)},
        headers={"origin": "http://localhost"},
    )


async def send_file(desk: Desk, path: str, body: bytes, **fields: str) -> httpx.Response:
    """Send a signature from the offline tool, or the form without one."""
    given = {"csrf": csrf_in(await desk.get(PAGE)), "key": "", "signature": "", **fields}
    files = {"signed": ("signed.json" if body else "", body)}
    return await desk.client.post(f"/en/{path}", data=given, files=files, headers=OWN_HEADERS)


def signed_file(made: dict[str, str]) -> bytes:
    """What `pb key sign` writes."""
    return encode({"key": made["public_key"], "signature": made["signature"]}) + b"\n"


async def handed_in(desk: Desk, body: bytes) -> str:
    """The page of a list that was handed in."""
    given = await hand_in(desk, body)
    assert given.status_code == 303, given.text
    return given.headers["location"].removeprefix("/en/").partition("?")[0]


async def read(desk: Desk, body: bytes) -> str:
    """The page of a list that was handed in and read."""
    page = await handed_in(desk, body)
    asked = {"identifier": "0", "district": "1", "language": "2", "header": "yes", "scheme": "fi-hetu"}
    assert (await desk.post(f"{page}/read", on=page, **asked)).status_code == 303
    await until_made(desk, page)
    return page


async def until_made(desk: Desk, page: str) -> None:
    """Let what a page waits for be made, here or by the application's own runner."""
    async with asyncio.timeout(120):
        while "data-progress" in (await desk.get(page)).text:
            await job_runner(desk.service).run_due()
            await asyncio.sleep(0.02)


async def test_a_roll_is_made_and_signed_by_pages(desk: Desk, vote: OpenVote) -> None:
    """Handed in, looked at by its shape, read, compared, taken, fixed, and signed by two people."""
    await enter(desk, vote.registrar)
    page = await handed_in(desk, listed(range(30)))
    look = (await desk.get(page)).text
    assert "999999-999" in look
    assert "Pohjoinen" not in look
    page = await read(desk, listed(range(40)))
    assert "People</dt><dd>40" in re.sub(r"\s+", " ", (await desk.get(page)).text)
    taking = await desk.post(f"{page}/take", on=page, gone="0")
    assert taking.headers["location"] == f"/en/{PAGE}?done=taken"
    assert (await desk.post(f"{PAGE}/fix", on=PAGE)).headers["location"].endswith("done=fixing")
    await until_made(desk, PAGE)
    await enter(desk, vote.registrar)
    made = vote.registrar.sign(entry_in((await desk.get(PAGE)).text))
    fields = {"role": "registrar", "key": made["public_key"], "signature": made["signature"]}
    assert (await desk.post(f"{PAGE}/sign", on=PAGE, **fields)).headers["location"].endswith("done=half")
    await enter(desk, vote.auditor)
    shown = (await desk.get(PAGE)).text
    file = re.search(r'href="data:application/json,([^"]+)" download', shown)
    assert file, shown
    made = vote.auditor.sign(decode(unquote(file[1]).encode()))
    for body, found in ((b"", "or choose the file"), (b"{}", "no signature from"), (signed_file(made), "done=signed")):
        answer = await send_file(desk, f"{PAGE}/sign", body, role="auditor")
        assert found in answer.headers.get("location", answer.text)


async def test_who_leaves_must_be_agreed_to(desk: Desk, vote: OpenVote) -> None:
    """A list that takes people off the roll is not taken without a tick that says so."""
    await taken(vote.service, vote.registrar.actor, listed(range(10)))
    await enter(desk, vote.registrar)
    page = await read(desk, listed(range(8)))
    refused = await desk.post(f"{page}/take", on=page, gone="2")
    assert refused.status_code == 409
    assert "Tick that these people leave the roll" in refused.text
    assert (await desk.post(f"{page}/take", on=page, gone="2", agreed="yes")).status_code == 303


@pytest.mark.parametrize("body", [b"\x89PNG\r\n\x1a\n\0\0", b"PK\x03\x04nothing", b"\n \n"])
async def test_garbage_is_refused_in_words(desk: Desk, vote: OpenVote, body: bytes) -> None:
    await enter(desk, vote.registrar)
    refused = await hand_in(desk, body)
    assert refused.status_code == 422
    assert "error-summary" in refused.text


async def test_a_large_list_is_refused_before_it_is_read(desk: Desk, vote: OpenVote) -> None:
    """Who is signed in and may not import a roll cannot make the service read a long body."""
    voter = await vote.voter()
    assert voter.account_id
    await desk.enter(Member(voter.account_id, "", ""))
    sent = await desk.client.post(
        f"/en/{PAGE}/hand-in",
        content=b"x" * 3_000_000,
        headers={"origin": "http://localhost", "content-type": "multipart/form-data; boundary=none"},
    )
    assert sent.status_code == 403
    assert "no role" in sent.text or "second factor" in sent.text


async def test_one_person_is_looked_up_added_and_removed(
    desk: Desk, vote: OpenVote, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """No page, no address and no log holds the number that was typed."""
    await taken(vote.service, vote.registrar.actor, listed(range(10)))
    await enter(desk, vote.registrar)
    number = code(70)
    pages = [
        await desk.post(f"{PAGE}/look-up", on=PAGE, identifier=number),
        await desk.post(f"{PAGE}/add", on=PAGE, person=number, district=""),
        await desk.post(f"{PAGE}/add", on=PAGE, person=number, district="pohjoinen", language="sv"),
        await desk.post(f"{PAGE}/add", on=PAGE, person=number, district="pohjoinen"),
        await desk.post(f"{PAGE}/look-up", on=PAGE, identifier=number.lower()),
        await desk.post(f"{PAGE}/remove", on=PAGE, leaving=number),
        await desk.post(f"{PAGE}/remove", on=PAGE, leaving=number[:-1] + "*"),
    ]
    assert [page.status_code for page in pages] == [200, 422, 303, 422, 200, 303, 422]
    assert "This person is not on the roll" in pages[0].text
    assert "may vote in" in pages[4].text
    told = capsys.readouterr()
    for text in (*(page.text for page in pages), caplog.text, told.out, told.err):
        assert number[:6] not in text


async def test_am_i_on_the_roll(desk: Desk, vote: OpenVote) -> None:
    """A person whom a provider has proven is told; a password alone does not say who somebody is."""
    await taken(vote.service, vote.registrar.actor, listed(range(10)))
    for actor, told in (
        (await proven(vote.service, 3), "You are on the roll"),
        (await proven(vote.service, 33), "You are not on the roll"),
        (await vote.voter(), "We do not know who you are"),
    ):
        assert actor.account_id
        await desk.enter(Member(actor.account_id, "", ""))
        assert told in (await desk.get(RESIDENT)).text


async def test_a_request_is_queued_and_answered(desk: Desk, vote: OpenVote) -> None:
    """Asked once at a time; the answer stands on the resident's page."""
    await taken(vote.service, vote.registrar.actor, listed(range(10)))
    asking = await proven(vote.service, 33)
    assert asking.account_id
    resident = Member(asking.account_id, "", "")
    await desk.enter(resident)
    asked = {"wanted": "missing", "message": "I moved here in May."}
    assert (await desk.post(f"{RESIDENT}/ask", on=RESIDENT, **asked)).status_code == 303
    shown = (await desk.get(RESIDENT)).text
    assert "Your request waits for an answer" in shown
    await enter(desk, vote.registrar)
    queue = await desk.get(f"{PAGE}/requests")
    assert "I moved here in May." in queue.text
    form = re.search(r'action="/en/(staff/rounds/spring/roll/requests/[^"]+)"', queue.text)
    assert form
    said = {"outcome": "corrected", "answer": "You are on it now."}
    assert (await desk.post(form[1], on=f"{PAGE}/requests", **said)).status_code == 303
    assert (await desk.post(form[1], on=f"{PAGE}", **said)).status_code == 422
    await desk.enter(resident)
    assert "You are on it now." in (await desk.get(RESIDENT)).text
