"""Every route for every role: who reaches a handler, who is refused, who must sign in or prove more.

A route that is not in the table fails the test, and so does one in the table that is gone: whoever adds a route writes
down who may use it, and whoever reviews it reads one line.

    o  reaches the handler (which may still find nothing, or refuse the input)
    s  is sent to the sign-in
    f  is sent to the second factor
    -  is refused
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from pb_service.app import create_app
from pb_service.features.accounts import sessions
from pb_service.features.accounts.policy import ROLES
from pb_service.features.accounts.sessions import Visitor
from pb_service.service import Service
from pb_service.web.access import handlers_of
from tests.http.conftest import running
from tests.residents import OWN_HEADERS, csrf_in
from tests.staff import Member, hire

#: The columns of the table after nobody, a resident, and staff with the password alone.
COLUMNS = ("nobody", "resident", "no factor", *ROLES)

TABLE = Path(__file__).with_name("matrix.txt")

_FILLED = {"lang": "en", "language": "en", "provider": "town", "slug": "spring", "contest": "north", "kind": "digest"}
_BY_TYPE = {"uuid": str(UUID(int=7)), "int": "1", "path": "none", "str": "none"}


@pytest.fixture
async def app(service: Service) -> AsyncIterator[Litestar]:
    app = create_app(service)
    async with running(app):
        yield app


class Person:
    """One column: a browser in which somebody is signed in, or nobody."""

    def __init__(self, app: Litestar, service: Service, member: Member | None, *, factor: bool) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        self.service, self.member, self.factor = service, member, factor
        self.token = ""

    async def enter(self) -> None:
        self.client.cookies.clear()
        if self.member:
            async with self.service.database.transaction() as session:
                cookie = await sessions.start(
                    session,
                    self.member.id,
                    "staff",
                    visitor=Visitor(),
                    now=self.service.clock(),
                    second_factor=self.factor,
                )
            self.client.cookies.set("pb-session", cookie)
        self.token = csrf_in(await self.client.get("/en/reset"))

    async def answer(self, method: str, path: str) -> str:
        """The letter of this person's answer to a route."""
        if not self.token:
            await self.enter()
        headers = {**OWN_HEADERS, "x-csrf-token": self.token}
        given = await self.client.request(method, path, headers=headers, data={} if method == "POST" else None)
        assert given.status_code < 500, f"{method} {path} as {self.member}: {given.text[:500]}"
        if "set-cookie" in given.headers:  # the session may have ended or changed
            self.token = ""
        return _letter(given)


def _letter(given: httpx.Response) -> str:
    target = given.headers.get("location", "")
    if given.status_code == 401 or re.search(r"/sign-in($|\?)", target):
        return "s"
    if "/staff/second-factor" in target:
        return "f"
    return "-" if given.status_code == 403 or "/staff/step-up" in target else "o"


def routes_of(app: Litestar) -> list[tuple[str, str]]:
    """Method and path of every route, in the order of paths."""
    return [(method, path) for path, handler in handlers_of(app) for method in sorted(handler.http_methods)]


def filled(path: str) -> str:
    """A path with something at each parameter: nothing of it exists."""
    return re.sub(r"{(\w+)(?::(\w+))?}", lambda found: _FILLED.get(found[1]) or _BY_TYPE[found[2] or "str"], path)


def table() -> dict[tuple[str, str], str]:
    """The expected letters by route."""
    lines = [line.split(maxsplit=2) for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return {(method, path): letters.replace(" ", "") for method, path, letters in lines}


async def test_every_route_has_its_line_and_no_line_is_left_over(app: Litestar) -> None:
    assert {f"{method} {path}" for method, path in routes_of(app)} == {" ".join(key) for key in table()}


async def test_every_route_answers_every_role_as_the_table_says(app: Litestar, service: Service) -> None:
    resident = await hire(service, staff=False, name="Rauha")
    newcomer = await hire(service, "administrator", name="Nelli")
    people = [
        Person(app, service, None, factor=False),
        Person(app, service, resident, factor=False),
        Person(app, service, newcomer, factor=False),
        *[Person(app, service, await hire(service, role, name=f"{role} Maki"), factor=True) for role in ROLES],
    ]
    found = {}
    for method, path in routes_of(app):
        found[method, path] = "".join([await person.answer(method, filled(path)) for person in people])
    assert found == table()
