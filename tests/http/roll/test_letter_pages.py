"""The registrar's page of code letters: a list goes in, a PDF comes out once, and every act is answered in words."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pb_service.app import create_app
from pb_service.service import Service
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.letters import rolled_vote
from tests.rolls import code
from tests.staff import Desk, hire
from tests.voting import OpenVote

PAGE = "staff/rounds/spring/letters"
HEAD = "hetu;nimi;osoite;postinumero;postitoimipaikka;kieli"


@pytest.fixture
async def vote(service: Service, clock: FakeClock) -> OpenVote:
    return await rolled_vote(service, clock)


@pytest.fixture
async def desk(vote: OpenVote) -> AsyncIterator[Desk]:
    app = create_app(vote.service)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        desk = Desk(client, vote.service)
        await desk.enter(await hire(vote.service, "registrar", name="Rauha"))
        yield desk


def table(*numbers: int) -> bytes:
    rows = [f"{code(number)};Äijä {number};Katu {number};02100;ESPOO;sv" for number in numbers]
    return "\n".join([HEAD, *rows]).encode()


async def hand_in(desk: Desk, body: bytes, **fields: str) -> httpx.Response:
    """Send an address list as the form does."""
    token = re.search(r'name="csrf" value="([^"]+)"', (await desk.get(PAGE)).text)
    assert token
    given = {"csrf": token[1], "language": "fi", "return": "Espoon kaupunki, PL 1, 02070 Espoo", **fields}
    files = {"addresses": ("list.csv", body, "text/csv")}
    headers = {"origin": "http://localhost"}
    return await desk.client.post(f"/en/{PAGE}/print", data=given, files=files, headers=headers)


async def test_a_list_becomes_a_pdf_once(desk: Desk) -> None:
    """It is an attachment that no cache keeps; afterwards the page counts the letters, and the list is used up."""
    answer = await hand_in(desk, table(1, 2, 3))
    assert answer.headers["content-type"] == "application/pdf", answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="spring-letters-1.pdf"'
    assert answer.content.startswith(b"%PDF-")
    shown = (await desk.get(PAGE)).text
    assert "3 letters" in shown
    again = await hand_in(desk, table(1, 2, 3))
    assert again.status_code == 422
    assert "Everybody on this list has a letter in force" in again.text


async def test_what_is_wrong_with_a_list_is_said(desk: Desk) -> None:
    for body, told in (
        (table(1, 77), "Not on the roll: line 3."),
        (table(1, 1), "The same person once more: line 3."),
        (b"name;address\nA;B", "The first line must name the columns"),
        (b"", "This file is no table that can be read."),
    ):
        answer = await hand_in(desk, body)
        assert answer.status_code == 422
        assert told in answer.text


async def test_one_letter_is_made_anew_and_let_die(desk: Desk) -> None:
    """By person id and address; the first one's code is void then, and the second dies by its number."""
    fields = {"pid": code(1), "to": "Äijä Ö\nKatu 1\n02100 ESPOO", "language": "fi", "return": "Kaupunki, PL 1"}
    for _ in range(2):
        answer = await desk.post(f"{PAGE}/one", on=PAGE, **fields)
        assert answer.content.startswith(b"%PDF-"), answer.text
    died = await desk.post(f"{PAGE}/void", on=PAGE, number="2", why="stolen")
    assert died.headers["location"] == f"/en/{PAGE}?done=void"
    assert (await desk.post(f"{PAGE}/void", on=PAGE, number="2", why="stolen")).status_code == 422
    stranger = await desk.post(f"{PAGE}/one", on=PAGE, **{**fields, "pid": code(77)})
    assert "Not on the roll" in stranger.text


async def test_printing_asks_for_a_proof_of_oneself_once_more(desk: Desk) -> None:
    """A registrar at an unlocked computer is not enough: codes vote."""
    await desk.enter(await hire(desk.service, "registrar", name="Ritva"), stepped_up=False)
    asked = await desk.client.get(f"/en/{PAGE}")
    assert (asked.status_code, "step-up" in asked.headers["location"]) == (303, True)
    posted = await desk.client.post(f"/en/{PAGE}/one", data={}, headers={"origin": "http://localhost"})
    assert "application/pdf" not in posted.headers.get("content-type", "")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_the_page_speaks_three_languages(desk: Desk, language: str) -> None:
    assert (await desk.get(PAGE, language)).status_code == 200


def test_the_printer_says_nothing_and_fails_as_a_whole() -> None:
    """A letter that lacks something gives no PDF and no word that could hold a code."""
    command = [sys.executable, "-m", "pb_service.features.roll.letter"]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, input=b'[{"scanned": "x"}]', capture_output=True, cwd=root, check=False)
    assert (done.returncode != 0, done.stdout) == (True, b"")
