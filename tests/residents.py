"""Residents for tests: browsers that fill in forms, follow links from mails, and keep their cookies."""

import re
from uuid import UUID

import httpx
from sqlalchemy import select

from pb_service.features.accounts.tables import AccessLog, Account
from pb_service.service import Service
from tests.mailbox import delivered, words
from tests.staff import PASSWORD

EMAIL = "aino@example.org"
OWN_HEADERS = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}


class Reader:
    """A browser. Its forms carry the token of the page they stand on, as a browser's do."""

    def __init__(self, client: httpx.AsyncClient, service: Service) -> None:
        self.client = client
        self.service = service

    def another(self) -> "Reader":
        """Another browser at the same service."""
        transport = self.client._transport
        return Reader(httpx.AsyncClient(transport=transport, base_url="http://localhost"), self.service)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def submit(self, path: str, *, to: str = "", **fields: str) -> httpx.Response:
        """Open a page and send its form."""
        token = csrf_in(await self.client.get(path))
        return await self.client.post(to or path, data={"csrf": token, **fields}, headers=OWN_HEADERS)

    async def register(self, email: str = EMAIL, password: str = PASSWORD) -> httpx.Response:
        """The whole way from the form to my page."""
        await self.submit("/en/register", email=email)
        return await self.submit(await self.link("/verify/"), password=password)

    async def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **fields: str) -> httpx.Response:
        return await self.submit("/en/sign-in", email=email, password=password, **fields)

    async def link(self, part: str) -> str:
        """The path of the newest link with ``part`` in it, from the mails."""
        mails = "\n".join(words(mail) for mail in await delivered(self.service))
        return str(re.findall(rf"http://localhost:8000(/\S*{part}\S*)", mails)[-1])

    async def signed_in(self) -> bool:
        return (await self.get("/en/me")).status_code == 200


def csrf_in(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text[:2000]
    return found[1]


async def account_id(service: Service, email: str = EMAIL) -> UUID:
    async with service.database.reading() as session:
        return (await session.scalars(select(Account.id).where(Account.email_key == email))).one()


async def log_lines(service: Service) -> list[tuple[str, str]]:
    """Act and outcome of every line of the access log, oldest first."""
    async with service.database.reading() as session:
        rows = await session.execute(select(AccessLog.act, AccessLog.outcome).order_by(AccessLog.id))
        return [(act, outcome) for act, outcome in rows]
