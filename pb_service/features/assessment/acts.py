"""What staff did to costs, projects and the list: a row for pages and an entry of the record in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.phases import Phase
from pb_service.features.accounts.policy import PERMISSIONS, Act, Actor, require
from pb_service.features.assessment.errors import NotNow
from pb_service.features.assessment.tables import AssessmentAct
from pb_service.features.proposals.policy import pseudonym
from pb_service.features.proposals.service import write
from pb_service.features.record import service as record
from pb_service.features.rounds.tables import Round

#: Phases in which proposals are assessed and the list is made.
ASSESSING: frozenset[Phase] = frozenset({"moderation", "assessment"})


@dataclass(frozen=True)
class Hand:
    """Who does something in a round: the account, the role that allows it, and the name in the record."""

    account_id: UUID
    role: str
    pseudonym: str


def hand_of(
    actor: Actor,
    act: Act,
    found: Round,
    key: bytes,
    *,
    district: str | None = None,
    now: datetime | None = None,
) -> Hand:
    """Return who acts, after asking whether they may. ``key`` is the secret ``record-people`` of the key folder.

    Raises SignInNeeded, Forbidden, StepUpNeeded.
    """
    require(actor, act, round_id=found.id, district=district, now=now)
    account_id = actor.account_id
    role = next(
        (grant.role for grant in actor.grants if grant.role in PERMISSIONS[act] and grant.reaches(found.id, district)),
        None,
    )
    if account_id is None or role is None:  # require() has said so
        raise NotNow("hand")
    return Hand(account_id, role, pseudonym(key, found.id, account_id))


def require_phase(found: Round) -> None:
    """Refuse what belongs to the time before the vote. Raises NotNow."""
    if found.phase not in ASSESSING:
        raise NotNow("phase")


async def note(
    session: AsyncSession,
    found: Round,
    kind: str,
    object_id: str,
    about: Mapping[str, Any],
    *,
    hand: Hand,
    now: datetime,
    shown: Mapping[str, Any] | None = None,
) -> datetime:
    """Note an act and return its time in the record. ``about`` is what the salted file says, ``shown`` is for pages."""
    at = await record.moment_of_act(session, found.log, now)
    row = AssessmentAct(
        round_id=found.id,
        object_id=object_id,
        kind=kind,
        at=at,
        account_id=hand.account_id,
        about=dict(about),
        shown=dict(shown or {}),
    )
    session.add(row)
    await session.flush()
    await write(session, found, kind, object_id, about, by=hand.role, at=at)
    return at
