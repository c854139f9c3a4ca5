"""A sign-in for each role without any password, for whoever develops or tries the service out on their own machine.

It exists only with the setting PB_DEVELOPMENT, which `pb run` gives and settings.py refuses wherever others could come;
without it app.py leaves the routes out, so there is nothing to find. Each request is looked at again: from this machine
itself, to this machine's own name, through no proxy.

The people it makes stay in the database when it is served otherwise later. They have no password, and addresses that
cannot exist (RFC 2606), so no mail can give them one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import quote
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import identity_repository as repository
from pb_service.features.accounts.drivers import Road
from pb_service.features.accounts.policy import ROLES, Role
from pb_service.web.locales import Language, translations

Part = Literal["resident"] | Role
PARTS: tuple[Part, ...] = ("resident", *ROLES)

_NAMES: Mapping[Part, str] = {
    "resident": "Aino Asukas",
    "moderator": "Mikael Moberg",
    "assessor": "Anneli Arvio",
    "editor": "Eva Engblom",
    "desk": "Pekka Piste",
    "registrar": "Raili Rekola",
    "trustee": "Tove Tallgren",
    "observer": "Olavi Ojala",
    "manager": "Katri Kierros",
    "auditor": "Gunnar Granskog",
    "administrator": "Ylva Yliaho",
}


class DevelopmentDriver:
    """The road of development, last on the sign-in page."""

    key = "development"

    def road(self, language: Language, next_path: str) -> Road:
        words = translations(language)
        return Road(
            self.key,
            f"/{language}/sign-in/development?next={quote(next_path, safe='/')}",
            words.gettext("Development: sign in without a password"),
            words.gettext("Only on this machine."),
        )


async def person(session: AsyncSession, part: Part, *, now: datetime) -> UUID:
    """Return the account of somebody in that part, made with its role if it is not there yet."""
    role = None if part == "resident" else part
    return await repository.demonstration_account(
        session, email=f"{part}@development.invalid", name=_NAMES[part], role=role, now=now
    )


async def everybody(session: AsyncSession, *, now: datetime) -> None:
    """Make all the people of the demonstration."""
    for part in PARTS:
        await person(session, part, now=now)
