"""What the stage voting knows of a person beside the sealed ballots, which stand in the record under an alias."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.personal import PersonalData
from pb_service.features.rounds.tables import Round
from pb_service.features.voting.tables import CastNotice, VoteReminder
from pb_service.web.formats import Catalogue


async def _collect(session: AsyncSession, account_id: UUID) -> dict[str, Any]:
    reminders = (
        select(Round.slug, VoteReminder.asked_at)
        .join(Round, Round.id == VoteReminder.round_id)
        .where(VoteReminder.account_id == account_id)
        .order_by(VoteReminder.asked_at)
    )
    notices = (
        select(Round.slug, CastNotice.contest, CastNotice.cast_at)
        .join(Round, Round.log_id == CastNotice.log_id)
        .where(CastNotice.account_id == account_id)
        .order_by(CastNotice.cast_at)
    )
    return {
        "reminders": [
            {"round": slug, "asked_at": asked_at.isoformat()} for slug, asked_at in await session.execute(reminders)
        ],
        "mails_about_ballots": [
            {"round": slug, "contest": contest, "cast_at": cast_at.isoformat()}
            for slug, contest, cast_at in await session.execute(notices)
        ],
    }


async def _erase(session: AsyncSession, account_id: UUID, _now: datetime) -> None:
    for table in (CastNotice, VoteReminder):
        await session.execute(delete(table).where(table.account_id == account_id))


def _stays(words: Catalogue) -> Sequence[str]:
    return (words.gettext("Sealed ballots that you have cast: they stand in the public record without your name."),)


VOTING = PersonalData("voting", _collect, _erase, _stays)
