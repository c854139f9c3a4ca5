"""Queries of the stage results."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.tally.explain import Explanation
from pb_service.features.results.tables import ContestExplanation, ResultSignature, ResultState, Turnout
from pb_service.features.rounds.tables import Contest


async def explanation_of(session: AsyncSession, contest_id: UUID) -> ContestExplanation | None:
    """Return what was derived from a contest's count, or None if that was not done yet."""
    query = select(ContestExplanation).where(ContestExplanation.contest_id == contest_id)
    return (await session.scalars(query)).one_or_none()


async def is_there(session: AsyncSession, contest_id: UUID) -> bool:
    """Whether a contest exists, and until the transaction ends stays."""
    query = select(Contest.id).where(Contest.id == contest_id).with_for_update(read=True, key_share=True)
    return (await session.execute(query)).one_or_none() is not None


async def keep_explanation(session: AsyncSession, contest_id: UUID, explanation: Explanation) -> None:
    """Keep what was derived from a contest's count; a second job that derived it meanwhile says the same."""
    kept = insert(ContestExplanation).values(contest_id=contest_id, explanation=explanation)
    updated = {"explanation": kept.excluded.explanation}
    await session.execute(kept.on_conflict_do_update(index_elements=["contest_id"], set_=updated))


async def states_of(session: AsyncSession, round_id: UUID) -> Sequence[ResultState]:
    """Return the published states of a round's result, oldest first."""
    query = select(ResultState).where(ResultState.round_id == round_id, ResultState.published_at.is_not(None))
    return (await session.scalars(query.order_by(ResultState.place))).all()


async def draft_of(session: AsyncSession, round_id: UUID) -> ResultState | None:
    """Return the state that waits for signatures, or None."""
    query = select(ResultState).where(
        ResultState.round_id == round_id, ResultState.published_at.is_(None), ResultState.dropped_at.is_(None)
    )
    return (await session.scalars(query)).one_or_none()


async def signatures_under(session: AsyncSession, state_id: UUID) -> Sequence[ResultSignature]:
    """Return who has signed a draft, by role."""
    query = select(ResultSignature).where(ResultSignature.state_id == state_id).order_by(ResultSignature.role)
    return (await session.scalars(query)).all()


async def turnout_of(session: AsyncSession, round_id: UUID) -> Turnout | None:
    """Return the published turnout of a round, or None before it."""
    return (await session.scalars(select(Turnout).where(Turnout.round_id == round_id))).one_or_none()
