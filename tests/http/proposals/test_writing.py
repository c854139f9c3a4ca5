"""The writing helper without JavaScript: step by step, in any language, with or without an account."""

import html
import re

import httpx
import pytest

from pb_service.service import Service
from tests.proposals import now_of, record_kinds, resident, sent
from tests.residents import OWN_HEADERS, Reader, csrf_in
from tests.staff import hire

HOME = "/en/rounds/spring/propose"


class Writer(Reader):
    """A browser that fills in the helper as one without scripts does: with every hidden field of the page."""

    page: httpx.Response

    async def open(self, path: str = f"{HOME}/need") -> httpx.Response:
        self.page = await self.client.get(path)
        return self.page

    async def press(self, go: str = "next", *, to: str = "", **typed: str) -> httpx.Response:
        """Send the page's form by one of its buttons."""
        form = re.search(
            r'<form method="post" action="([^"]+)" novalidate data-draft>(.*?)</form>', self.page.text, re.DOTALL
        )
        assert form, self.page.text[:3000]
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[2])
        fields: dict[str, list[str]] = {}
        for name, value in found:
            fields.setdefault(name, []).append(html.unescape(value))
        for name, value in re.findall(
            r'<textarea id="[^"]*" name="([^"]+)"[^>]*>\n(.*?)</textarea>', form[2], re.DOTALL
        ):
            fields[name] = [html.unescape(value)]
        data = {**fields, "go": go, **typed}
        self.page = await self.client.post(to or form[1], data=data, headers=OWN_HEADERS)
        return self.page

    async def write(self) -> httpx.Response:
        """Everything up to the last step."""
        await self.open()
        await self.press(need="There is no water near the field in summer.", language="en")
        await self.press(
            title="Water at the field", idea="A tap with drinking water beside the ball field.", theme="sport"
        )
        await self.press(place_kind="point", place="60.5, 24.5", district="")
        await self.press(audience="Players", age_group="30-44")
        return await self.press()


@pytest.fixture
async def writer(client: httpx.AsyncClient, service: Service) -> Writer:
    return Writer(client, service)


async def test_the_whole_way_without_an_account(writer: Writer, service: Service) -> None:
    last = await writer.write()
    assert last.status_code == 200
    answer = await writer.press(cost_hint="12 000", show_author="name")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/en/sign-in?next=/en/me/proposals/claim",
    )
    assert await record_kinds(service) == ["round.published spring"]
    await hire(service, name="Aino Lehto", staff=False)
    welcome = await writer.sign_in("aino@example.org", next="/en/me/proposals/claim")
    assert welcome.headers["location"] == "/en/me/proposals/claim"
    answer = await writer.submit("/en/me/proposals/claim", go="send")
    shown = await writer.get(answer.headers["location"])
    assert "It has the number 1." in html.unescape(shown.text)
    assert (await record_kinds(service))[-1] == "proposal.received p1"
    assert (await writer.get("/en/me/proposals/claim")).status_code == 303


async def test_a_press_on_send_twice_is_one_proposal(writer: Writer, service: Service) -> None:
    await hire(service, name="Aino Lehto", staff=False)
    await writer.sign_in("aino@example.org")
    await writer.write()
    first_page = writer.page
    first = await writer.press(show_author="hidden")
    writer.page = first_page
    second = await writer.press(show_author="hidden")
    assert first.headers["location"] == second.headers["location"]
    assert "proposal.received p2" not in await record_kinds(service)


async def test_the_language_changes_in_the_middle_and_nothing_is_lost(writer: Writer) -> None:
    await writer.open()
    await writer.press(need="Ei vettä kentän lähellä kesällä.", language="fi")
    swedish = await writer.press("stay", to="/sv/rounds/spring/propose/idea", title="Vesi", idea="Hana", theme="sport")
    text = html.unescape(swedish.text)
    assert 'lang="sv"' in text
    assert 'name="need" value="Ei vettä kentän lähellä kesällä."' in text
    assert "Hana</textarea>" in text


async def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(writer: Writer) -> None:
    await writer.open()
    await writer.press(need="There is no water near the field in summer.", language="en")
    page = await writer.press(title="Water", idea="a tap", theme="sport")
    assert page.status_code == 422
    text = html.unescape(page.text)
    assert "What should be done: write at least 30 characters" in text
    assert "a tap</textarea>" in text
    assert "There is no water near the field" in text


async def test_a_place_is_read_or_refused_line_by_line(writer: Writer) -> None:
    await writer.open()
    await writer.press(need="There is no water near the field in summer.", language="en")
    await writer.press(title="Water", idea="A tap with drinking water beside the field.", theme="sport")
    page = await writer.press(place_kind="point", place="by the big stone", district="")
    assert page.status_code == 422
    assert "Line 1 is no place" in page.text
    page = await writer.press(place_kind="point", place="65.0, 24.5", district="")
    assert "outside the districts" in page.text


async def test_similar_ideas_are_shown_with_the_reason(writer: Writer, service: Service) -> None:
    from tests.proposals import published, words
    from tests.rounds import staff

    other = words(
        "Drinking water at the ball field", idea="A water tap beside the ball field in the park.", theme="sport"
    )
    await published(service, await resident(service), await staff(service, "moderator"), wanted=other)
    page = (await writer.open(), await writer.write())[1]
    assert page.status_code == 200
    await writer.press("back", to=f"{HOME}/similar")
    assert "Drinking water at the ball field" in writer.page.text
    assert "The same place" in html.unescape(writer.page.text)


async def test_scripts_in_every_field_are_shown_as_text(writer: Writer) -> None:
    trick = '"><script>alert(1)</script>'
    await writer.open()
    page = await writer.press(
        **dict.fromkeys(
            ("need", "title", "idea", "audience", "theme", "district", "place", "group_name", "join"), trick
        )
    )
    assert "<script>alert" not in page.text


async def test_ten_megabytes_are_answered_by_a_sentence(writer: Writer, service: Service) -> None:
    """Of somebody we know. A stranger's door is narrower, but wide enough for every field in full."""
    await writer.open()
    first = writer.page
    assert "write at most 1500 characters" in (await writer.press(need="ä" * 15_000)).text
    writer.page = first
    assert (await writer.press(need="a" * 10_000_000)).status_code == 413
    await hire(service, name="Aino Lehto", staff=False)
    await writer.sign_in("aino@example.org")
    await writer.open()
    page = await writer.press(need="a" * 10_000_000)
    assert page.status_code == 422
    assert "write at most 1500 characters" in page.text


async def test_a_session_that_ended_in_the_middle_takes_nothing_along(writer: Writer, service: Service) -> None:
    """Without its session the last step keeps the draft for the next sign-in instead of losing it."""
    await hire(service, name="Aino Lehto", staff=False)
    await writer.sign_in("aino@example.org")
    await writer.write()
    writer.client.cookies.delete("pb-session")
    answer = await writer.press(show_author="hidden")
    if answer.status_code == 403:  # the form's token went with the session: the page sends it again
        assert "Water at the field" in answer.text
        fields = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', answer.text, re.DOTALL)
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(html.unescape(value))
        data["csrf"] = [csrf_in(answer)]
        answer = await writer.client.post(f"{HOME}/send", data=data, headers=OWN_HEADERS)
    assert answer.headers["location"].startswith("/en/sign-in")


async def test_a_resident_changes_and_withdraws_on_my_page(writer: Writer, service: Service) -> None:
    member = await hire(service, name="Aino Lehto", staff=False)
    from pb_service.features.accounts.policy import Actor

    made = await sent(service, Actor(account_id=member.id))
    await writer.sign_in("aino@example.org")
    assert "Penkkejä rantaan" in (await writer.get("/en/me/proposals")).text
    path = f"/en/me/proposals/{made.id}"
    fields = {
        "version": "1", "language": "fi", "title": "Viisi penkkiä", "need": "Rannalla ei ole paikkaa istua.",
        "idea": "Viisi puupenkkiä rantapolun varteen.", "theme": "nature", "place_kind": "none", "place": "",
        "district": "etela", "audience": "", "age_group": "", "cost_hint": "", "show_author": "hidden",
    }  # fmt: skip
    assert (await writer.submit(f"{path}/edit", **fields)).headers["location"].endswith("?done=saved")
    shown = html.unescape((await writer.get(path)).text)
    assert "<ins>Viisi penkkiä</ins>" in shown
    assert (await writer.submit(f"{path}/withdraw")).status_code == 303
    assert (await now_of(service, made.id)).state == "withdrawn"
