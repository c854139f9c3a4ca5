"""The pages of the vote: what everybody may read, what is one person's own, and what they say about secrecy."""

import base64
import hashlib
import re

import httpx
import pytest

from pb_service.app import create_app
from pb_service.core.record.receipt import Receipt
from pb_service.core.record.signatures import public_bytes
from pb_service.service import Service
from pb_service.web.assets import DIST
from pb_service.web.locales import Language
from pb_service.web.render import environment
from tests.conftest import FakeClock
from tests.http.conftest import running
from tests.voting import Booth, OpenVote, posted, prepared_vote

VOTE = "/en/rounds/spring/vote"


async def test_the_ballot_is_the_same_for_everybody(client: httpx.AsyncClient) -> None:
    """It sets no cookie, holds no token, and may be kept by caches: nothing on it tells who reads."""
    answer = await client.get(f"{VOTE}?contest=pohjoinen")
    assert answer.headers["cache-control"] == "public, max-age=30"
    assert "set-cookie" not in answer.headers
    assert "csrf" not in answer.text
    assert answer.text.count('class="ballot-row"') == 3


async def test_where_there_is_a_choice_the_areas_are_listed(client: httpx.AsyncClient) -> None:
    """Also for an area that is none."""
    for address in (VOTE, f"{VOTE}?contest=nowhere"):
        page = (await client.get(address)).text
        assert "You may vote in one area." in page
        assert [f"contest={key}" in page for key in ("pohjoinen", "etela")] == [True, True]


async def test_before_its_opening_a_round_has_no_vote(service: Service, clock: FakeClock) -> None:
    """Who follows a link too early is told so, and where the dates stand."""
    await prepared_vote(service, clock)
    app = create_app(service)
    transport = httpx.ASGITransport(app=app)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://localhost") as reader:
        assert "There is no vote yet" in (await reader.get(VOTE)).text
        assert (await reader.get(f"{VOTE}/review")).status_code == 404


async def test_filters_work_without_script(client: httpx.AsyncClient) -> None:
    """What does not match is hidden, not left out, so that a script still knows the whole ballot."""
    page = (await client.get(f"{VOTE}?contest=pohjoinen&q=VALOJA")).text
    assert len(re.findall(r'data-project="\d+"[^>]* hidden>', page)) == 2
    assert "1 of 3 project is shown." in page
    page = (await client.get(f"{VOTE}?contest=pohjoinen&most=5000000&theme=streets")).text
    assert "1 of 3 project is shown." in page


@pytest.mark.parametrize("step", ["review", "cast"])
async def test_without_a_session_the_way_to_sign_in_is_shown(client: httpx.AsyncClient, step: str) -> None:
    """It leads back to the same address, and says where the keys lie."""
    answer = await client.get(f"{VOTE}/{step}?contest=etela")
    assert answer.headers["cache-control"] == "no-store"
    assert f"/en/sign-in?next={VOTE}/{step}%3Fcontest%3Detela" in answer.text
    assert "the keys that open the ballots lie on this server" in answer.text


async def test_pages_of_one_person_are_kept_nowhere(client: httpx.AsyncClient, vote: OpenVote) -> None:
    await Booth.enter(client, vote)
    for step in ("review", "cast", "receipt", "record"):
        answer = await client.get(f"{VOTE}/{step}?contest=pohjoinen")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_the_record_says_what_was_cast_and_that_nothing_was(client: httpx.AsyncClient, vote: OpenVote) -> None:
    """An empty record is an answer too; afterwards the code of the receipt stands there with its proof."""
    booth = await Booth.enter(client, vote)
    assert "Nothing has been cast in your name." in (await client.get(f"{VOTE}/record")).text
    cast = (await booth.cast(posted(await vote.sealed(booth.actor, [0])))).json()
    page = (await client.get(f"{VOTE}/record")).text
    assert f'data-receipt="{cast["code"]}"' in page
    assert "Counts as it stands" in page


async def test_anybody_finds_a_receipt_by_its_code(client: httpx.AsyncClient, vote: OpenVote) -> None:
    """Typed as people type: small letters, hyphens, O for 0; a code that is not there is said not to be there."""
    booth = await Booth.enter(client, vote)
    cast = (await booth.cast(posted(await vote.sealed(booth.actor, [0])))).json()
    client.cookies.clear()
    code = cast["code"].lower().replace("0", "o").replace("1", "l")
    typed = "-".join(code[at : at + 4] for at in range(0, 16, 4))
    page = (await client.get(f"{VOTE}/check", params={"code": typed})).text
    assert f"stands at place {cast['index']}" in page
    for other in ("0000000000000000", "no code at all"):
        assert "The code is not in the record." in (await client.get(f"{VOTE}/check", params={"code": other})).text


async def test_anybody_has_a_receipt_by_its_seal(client: httpx.AsyncClient, vote: OpenVote) -> None:
    """It is made anew against the newest published head."""
    booth = await Booth.enter(client, vote)
    first = (await booth.cast(posted(await vote.sealed(booth.actor, [0])))).json()
    await booth.cast(posted(await vote.sealed(booth.actor, [1])))
    answer = await client.get(f"/api/v1/rounds/spring/receipts/{first['seal']}")
    receipt = Receipt.parse(answer.text)
    head = receipt.verify("example.org/pb/spring", public_bytes(vote.service.log_key))
    assert receipt.index == first["index"]
    assert head.size > Receipt.parse(first["receipt"]).verify(head.origin, public_bytes(vote.service.log_key)).size
    for seal in ("00" * 32, "nothing", first["seal"].upper()):
        assert (await client.get(f"/api/v1/rounds/spring/receipts/{seal}")).status_code == 404


async def test_scripts_are_what_the_page_says_they_are(client: httpx.AsyncClient) -> None:
    """Every script and style sheet of the booth names the hash that the browser compares it with."""
    page = (await client.get(f"{VOTE}?contest=pohjoinen")).text
    named = re.findall(r'(?:src|href)="/static/([^"]+\.(?:js|css))" integrity="sha384-([^"]+)"', page)
    assert len(named) == len(re.findall(r"/static/[^\"]+\.(?:js|css)", page)) >= 4
    for name, digest in named:
        assert base64.b64decode(digest) == hashlib.sha384((DIST / name).read_bytes()).digest()


async def test_a_picture_that_no_ballot_has_is_not_shown(client: httpx.AsyncClient) -> None:
    for name in ("00" * 32, "nothing"):
        assert (await client.get(f"{VOTE}/pictures/{name}")).status_code == 404


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("mode", ["self", "split", "split+outside"])
def test_what_is_said_about_secrecy_is_true_of_the_mode(language: Language, mode: str) -> None:
    """Only where the keys lie apart from the city is it said that staff cannot see; in `self` that the server can."""
    parts = environment(language).get_template("voting/parts.html").make_module({"booth": {"mode": mode}})
    told = str(parts.secrecy())  # type: ignore[attr-defined] # a macro
    server, staff, witness = {
        "fi": ("palvelimella", "Henkilökunta ei näe", "todistajat"),
        "sv": ("servern", "Personalen kan inte se", "vittnen"),
        "en": ("this server", "Staff cannot see", "witnesses"),
    }[language]
    expected = (mode == "self", mode != "self", mode == "split+outside")
    assert (server in told, staff in told, witness in told) == expected
