"""Staff for tests: people with roles and second factors, and a browser in which one of them is signed in."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
import pyotp
from sqlalchemy import insert

from pb_service.features.accounts import sessions
from pb_service.features.accounts.factors import FactorBox, begin_app, confirm_app, pending_app
from pb_service.features.accounts.policy import Actor, Grant, Role
from pb_service.features.accounts.scopes import Scopes
from pb_service.features.accounts.sessions import STEP_UP_LASTS, Visitor
from pb_service.features.accounts.tables import Account, AccountSession, RoleGrant
from pb_service.features.opendata.imports import import_round, plan_import
from pb_service.features.rounds.scopes import round_scopes
from pb_service.service import Service
from tests.builders import import_options, pabulib_file

PASSWORD = "seven green boats"  # noqa: S105 - of people who exist in tests alone


@dataclass(frozen=True)
class Member:
    """A person of the staff; ``secret`` is that of the authenticator app, in base32."""

    id: UUID
    email: str
    secret: str

    def code(self, service: Service, *, steps: int = 0) -> str:
        """The app's code now, or so many steps of half a minute later."""
        return code_of(self.secret, service, steps=steps)


def code_of(secret: str, service: Service, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(service.clock() + steps * timedelta(seconds=30))


def box_of(service: Service) -> FactorBox:
    return FactorBox(service.keys.ring("factors"))


async def hire(
    service: Service,
    *roles: Role | Grant,
    name: str = "Aino Lehto",
    email: str = "",
    staff: bool = True,
    factor: bool = True,
) -> Member:
    """A person with roles, by default with an authenticator app. No role and ``staff=False`` make a resident."""
    email, now = email or f"{name.split(maxsplit=1)[0].lower()}@example.org", service.clock()
    account = Account(
        email=email,
        email_key=email,
        name=name,
        language="en",
        is_staff=staff,
        password_hash=await service.passwords.hash(PASSWORD),
        email_verified_at=now,
        created_at=now,
        last_seen_at=now,
    )
    async with service.database.transaction() as session:
        session.add(account)
        await session.flush()
        for role in roles:
            grant = role if isinstance(role, Grant) else Grant(role)
            row = {"role": grant.role, "round_id": grant.round_id, "district": grant.district}
            await session.execute(insert(RoleGrant).values(account_id=account.id, granted_at=now, **row))
    return Member(account.id, email, await enrol(service, account.id) if factor and staff else "")


async def enrol(service: Service, account_id: UUID) -> str:
    """Give an account an authenticator app and return its secret; the code of the step before this one is used up."""
    box, now = box_of(service), service.clock()
    async with service.database.transaction() as session:
        await begin_app(session, account_id, box)
        secret = await pending_app(session, account_id, box)
        assert secret
        await confirm_app(session, account_id, box, code_of(secret, service, steps=-1), now=now)
    return secret


async def actor_of(service: Service, member: Member, *, stepped_up: bool = True, factor: bool = True) -> Actor:
    """The person as services see them, in a session of their own."""
    now = service.clock()
    async with service.database.transaction() as session:
        token = await sessions.start(session, member.id, "staff", visitor=Visitor(), now=now, second_factor=factor)
        found = await sessions.recognise(session, token, now=now)
    until = now + STEP_UP_LASTS if stepped_up and factor else None
    return Actor(**{**vars(found), "stepped_up_until": until})


async def scopes_of(service: Service) -> Scopes:
    async with service.database.reading() as session:
        return Scopes(await round_scopes(session))


class Desk:
    """A browser at the service; it sends forms as browsers do, with the CSRF field of the page they stand on."""

    def __init__(self, client: httpx.AsyncClient, service: Service) -> None:
        self.client = client
        self.service = service

    async def enter(self, member: Member, *, factor: bool = True, stepped_up: bool = True) -> None:
        """Sign a person in without the pages."""
        now = self.service.clock()
        async with self.service.database.transaction() as session:
            token = await sessions.start(session, member.id, "staff", visitor=Visitor(), now=now, second_factor=factor)
            if factor and not stepped_up:
                actor = await sessions.recognise(session, token, now=now)
                row = await session.get_one(AccountSession, actor.session_id)
                row.stepped_up_at = None
        self.client.cookies.clear()
        self.client.cookies.set("pb-session", token)

    async def get(self, path: str, language: str = "en") -> httpx.Response:
        return await self.client.get(f"/{language}/{path}")

    async def post(self, path: str, *, on: str = "staff", reading: str = "en", **fields: object) -> httpx.Response:
        """Send a form that stands on the page ``on``, read in a language."""
        shown = await self.get(on, reading)
        csrf = re.search(r'name="csrf" value="([^"]+)"', shown.text)
        assert csrf, shown.text[:3000]
        return await self.client.post(
            f"/{reading}/{path}",
            data={"csrf": csrf[1], **fields},
            headers={"origin": "http://localhost", "referer": f"http://localhost/{reading}/{on}"},
        )


async def open_spring(service: Service) -> UUID:
    """Import the round spring with the districts north and south, once, and return its id."""
    if not (await scopes_of(service)).rounds:
        planned = plan_import([pabulib_file("North"), pabulib_file("South")], import_options())
        async with service.database.transaction() as session:
            await import_round(session, planned, origin_host="example.org", now=service.clock())
    return (await scopes_of(service)).rounds[0].id
