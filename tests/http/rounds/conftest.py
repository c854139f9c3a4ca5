"""The whole web application with a round of one's own as a draft, and a manager who is signed in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from html.parser import HTMLParser

import httpx
import pytest

from pb_service.service import Service, open_service
from pb_service.settings import Settings
from tests.conftest import FakeClock
from tests.rounds import draft, staff
from tests.staff import Desk, hire


@pytest.fixture
async def service(settings: Settings, database_url: str, clock: FakeClock) -> AsyncIterator[Service]:
    """A service with the draft spring, in which nothing is missing."""
    async with open_service(settings, database_url, clock=clock) as opened:
        await draft(opened, await staff(opened))
        yield opened


class _Fields(HTMLParser):
    """The successful controls of the form that holds ``version``, as a browser would send them without a button."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and name and given.get("type") != "file" and "disabled" not in given:
            if given.get("type") not in {"checkbox", "radio"} or "checked" in given:
                self.forms[-1].setdefault(name, []).append(given.get("value") or "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            self.forms[-1][self._select] = [given.get("value") or ""]
        elif tag == "textarea":
            self._area = name
            self.forms[-1][name] = [""]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][self._area][0] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""


def form_fields(html: str) -> dict[str, list[str]]:
    """The fields of the first form of a page that has a version, without its CSRF field."""
    parser = _Fields()
    parser.feed(html)
    found = next(form for form in parser.forms if "version" in form)
    return {name: values for name, values in found.items() if name != "csrf"}


@dataclass(frozen=True)
class Office:
    """A manager at a desk."""

    desk: Desk
    service: Service

    async def fields(self, path: str) -> dict[str, list[str]]:
        """What the form of a step would send, untouched."""
        return form_fields((await self.desk.get(path)).text)


@pytest.fixture
async def office(client: httpx.AsyncClient, service: Service) -> Office:
    desk = Desk(client, service)
    await desk.enter(await hire(service, "manager", name="Oskar Nyman"))
    return Office(desk, service)
