"""What the stage knows of an account: what it declared and asked for. Whether its person is on a roll, a page says."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.personal import PersonalData
from pb_service.features.roll.tables import RollDeclaration, RollRequest
from pb_service.features.rounds.tables import Round
from pb_service.web.formats import Catalogue


async def _collect(session: AsyncSession, account_id: UUID) -> dict[str, Any]:
    declared = (
        select(Round.slug, RollDeclaration.ground, RollDeclaration.declared_at)
        .join(Round, Round.id == RollDeclaration.round_id)
        .where(RollDeclaration.account_id == account_id)
        .order_by(RollDeclaration.declared_at)
    )
    asked = (
        select(Round.slug, RollRequest)
        .join(Round, Round.id == RollRequest.round_id)
        .where(RollRequest.account_id == account_id)
        .order_by(RollRequest.asked_at)
    )
    return {
        "declarations": [
            {"round": slug, "ground": ground, "at": at.isoformat()}
            for slug, ground, at in await session.execute(declared)
        ],
        "requests": [
            {
                "round": slug,
                "wanted": one.wanted,
                "message": one.message,
                "at": one.asked_at.isoformat(),
                "outcome": one.outcome,
                "answer": one.answer,
            }
            for slug, one in await session.execute(asked)
        ],
    }


async def _erase(session: AsyncSession, account_id: UUID, _now: datetime) -> None:
    for table in (RollDeclaration, RollRequest):
        await session.execute(delete(table).where(table.account_id == account_id))


def _stays(words: Catalogue) -> Sequence[str]:
    return [words.gettext("Your place on the roll of a round, if you are on one: it belongs to no account.")]


ROLL = PersonalData("roll", _collect, _erase, _stays)
