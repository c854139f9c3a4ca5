"""Reminders to the people of the units that answer for projects: a promised day has passed, or nothing was heard."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.implementation.history import ENDED
from pb_service.features.accounts import staff_repository as staff
from pb_service.features.implementation import reading, repository
from pb_service.features.implementation.errors import NotBuiltYet
from pb_service.features.implementation.reading import Board, Built
from pb_service.features.implementation.service import BUILDING
from pb_service.platform import outbox
from pb_service.web.formats import text_in
from pb_service.web.languages import language_of

#: After so long without a word residents are owed one.
SILENCE = timedelta(days=90)


@dataclass(frozen=True)
class Owed:
    """A project of which something should be told: a promised day has passed (``is_late``), or nothing was heard."""

    one: Built
    slug: str
    is_late: bool


async def remind(session: AsyncSession, now: datetime) -> int:
    """Tell the people of each unit what waits for a word, in one mail each; return how many mails that were."""
    owed: dict[UUID, list[Owed]] = {}
    for found in await repository.rounds_in(session, BUILDING):
        try:
            shown = await reading.board(session, found, now)
        except NotBuiltYet:
            continue
        for each in owed_of(shown, now):
            if each.one.unit_id:
                owed.setdefault(each.one.unit_id, []).append(each)
    of_person: dict[UUID, tuple[str, str, list[Owed]]] = {}
    for member, account in await staff.members(session, list(owed)):
        if account.email and account.email_verified_at:
            lines = of_person.setdefault(account.id, (account.email, account.language, []))[2]
            lines.extend(owed[member.unit_id])
    for account_id, (email, code, lines) in sorted(of_person.items()):
        language = language_of(code)
        await outbox.send(
            session,
            to=email,
            language=language,
            template="implementation/reminder",
            context={"lines": [_line(each, language) for each in lines]},
            kind="staff",
            account_id=account_id,
            now=now,
        )
    return len(of_person)


def owed_of(shown: Board, now: datetime) -> list[Owed]:
    """The projects of a board of which something should be told."""
    found = []
    for one in shown.projects:
        if not one.funded.is_funded or one.state in ENDED:
            continue
        is_late = any(step.is_late(shown.today) for step in one.progress.milestones)
        if is_late or (one.progress.at or shown.confirmed_at) < now - SILENCE:
            found.append(Owed(one, shown.found.slug, is_late))
    return found


def _line(each: Owed, language: str) -> Mapping[str, Any]:
    contest, code = each.one.key
    return {
        "title": text_in(each.one.funded.titles, language)[1],
        "path": f"/staff/rounds/{each.slug}/implementation/{contest}/{code}",
        "is_late": each.is_late,
    }
