"""Rounds of earlier years by screen: a look at the files, then import and count as jobs, done once."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pb_service.background import job_runner
from pb_service.features.accounts.policy import Role
from pb_service.features.rounds.service import find_round
from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.builders import pabulib_bytes
from tests.conftest import FakeClock
from tests.staff import Desk, hire

DATA = Path(__file__).parents[1] / "data" / "pabulib"
REAL = ("Poland_Warszawa_2019_RadiowoWolka_WeglowaPlacowkaHuta.pb", "Poland_Zabrze_2020_Osiedle_Mlodego_Gornika.pb")
PAGE = "staff/rounds/new/archive"
TYPED = {
    "name_fi": "Kaksi kaupunkia",
    "name_sv": "Två städer",
    "year": "2024",
    "licence": "CC BY 4.0",
    "source": "Pabulib",
}


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    async with open_service(settings, database_url, clock=clock) as opened:
        yield opened


async def office(client: httpx.AsyncClient, service: Service, role: Role = "manager") -> Desk:
    desk = Desk(client, service)
    await desk.enter(await hire(service, role, name="Oskar Nyman"))
    return desk


async def look(desk: Desk, *files: tuple[str, bytes], reading: str = "en", **typed: object) -> httpx.Response:
    """Send files with the form that stands on the page."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', (await desk.get(PAGE, reading)).text)
    assert csrf
    return await desk.client.post(
        f"/{reading}/{PAGE}",
        data={"csrf": csrf[1], **TYPED, **typed},
        files=[("files", (name, body, "text/plain")) for name, body in files],
        headers={"origin": "http://localhost", "referer": f"http://localhost/{reading}/{PAGE}"},
    )


def hidden(page: str) -> dict[str, Any]:
    """What the button under a look sends."""
    form = page[page.index(f"{PAGE}/take") :]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[: form.index("</form>")]):
        found.setdefault(name, []).append(html.unescape(value))
    found.pop("csrf")
    return found


async def test_real_files_become_a_round_that_is_counted_once_and_published(
    client: httpx.AsyncClient, service: Service
) -> None:
    """Two files with two rules; our count gives the city's winners; sent twice, there is one round."""
    desk = await office(client, service)
    assert f'href="/en/{PAGE}"' in (await desk.get("staff/rounds")).text
    looked = await look(desk, *[(name, (DATA / name).read_bytes()) for name in REAL])
    assert looked.status_code == 200, looked.text
    assert looked.text.count("Our count gives") == 2
    assert "Most votes first (the file's own)" in html.unescape(looked.text)
    assert "Our count gives 1 winner, the file's own." in html.unescape(looked.text)
    assert "The file does not say who won." in looked.text
    accepted = hidden(looked.text)
    assert accepted["slug"] == ["kaksi-kaupunkia-2024"]
    where = f"/en/{PAGE}/kaksi-kaupunkia-2024?done=taken"
    for _ in range(2):
        assert (await desk.post(f"{PAGE}/take", **accepted)).headers["location"] == where
    async with asyncio.timeout(120):  # made here or by the application's own runner
        while "data-progress" in (await client.get(where)).text:
            await job_runner(service).run_due()
            await asyncio.sleep(0.02)
    assert (await desk.post(f"{PAGE}/take", **accepted)).headers["location"] == where
    shown = await client.get(where)
    assert "The round is counted and published." in shown.text
    async with service.database.reading() as session:
        stored = await find_round(session, "kaksi-kaupunkia-2024")
    assert (stored.phase, stored.imported, len(stored.contests)) == ("results", True, 2)
    assert stored.names == [["fi", "Kaksi kaupunkia"], ["sv", "Två städer"]]
    assert (await desk.get("rounds/kaksi-kaupunkia-2024")).status_code == 200
    assert "Kaksi kaupunkia" in (await desk.get("staff/rounds")).text
    assert "Kaksi kaupunkia" in (await desk.get("rounds")).text


async def test_every_fault_is_told_in_words_with_its_line_and_nothing_can_be_taken(
    client: httpx.AsyncClient, service: Service
) -> None:
    """A broken file, one with a bad row, one of an unknown rule: in Finnish, not in the file reader's English alone."""
    desk = await office(client, service)
    bad_row = pabulib_bytes("South", votes=("a", "a,nowhere"))
    looked = await look(
        desk,
        ("broken.pb", b"META\nkey;value\nbudget;1\n"),
        ("south.pb", bad_row),
        ("west.pb", pabulib_bytes("West", rule="unknown")),
        reading="fi",
    )
    line = bad_row.decode().splitlines().index("1;a,nowhere") + 1
    assert looked.status_code == 422
    assert "There is no section PROJECTS." in looked.text
    assert "Se ei ole Pabulib-tiedoston muotoinen" in looked.text
    assert f'<th scope="row">{line}</th><td>Äänessä on ehdotus, jota tiedostossa ei ole.' in looked.text
    assert "Tiedoston sääntö ”unknown” ei ole täällä tarjolla." in html.unescape(looked.text)
    assert f"{PAGE}/take" not in looked.text
    again = await look(
        desk, kept=re.findall(r'name="kept" value="([^"]+)" checked', looked.text)[2:], fallback="mes_cost_add1"
    )
    assert again.status_code == 200, again.text
    assert "Equal Shares (add-one) (chosen by you)" in again.text


async def test_other_winners_than_the_file_s_are_flagged_and_not_refused(
    client: httpx.AsyncClient, service: Service
) -> None:
    desk = await office(client, service)
    looked = await look(desk, ("north.pb", pabulib_bytes("North", selected=("b",))))
    assert looked.status_code == 200
    assert "Only ours: a, c. Only the file's: b." in html.unescape(looked.text)
    assert hidden(looked.text)["slug"] == ["kaksi-kaupunkia-2024"]
    taken = await desk.post(f"{PAGE}/take", **{**hidden(looked.text), "kept": "0" * 64 + "/north.pb"})
    assert taken.status_code == 422
    assert "north.pb is not kept any more." in taken.text


async def test_a_vote_that_is_not_over_and_an_address_in_use_are_refused(
    client: httpx.AsyncClient, service: Service
) -> None:
    desk = await office(client, service)
    looked = await look(desk, ("north.pb", pabulib_bytes("North", date_end="31.12.2026")))
    assert "The vote ends on 31.12.2026: it is not over yet." in looked.text
    assert f"{PAGE}/take" not in looked.text


async def test_who_may_not_create_rounds_gets_no_page(client: httpx.AsyncClient, service: Service) -> None:
    desk = await office(client, service, "moderator")
    assert (await desk.get(PAGE)).status_code == 403
    assert PAGE not in (await desk.get("staff/rounds")).text
