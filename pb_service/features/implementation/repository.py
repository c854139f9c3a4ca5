"""Queries of the stage implementation."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.rounds.phases import AFTER_COUNT, Phase
from pb_service.features.assessment.tables import BallotProject, ProjectSource
from pb_service.features.implementation.tables import Implementation, ImplementationAct
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.tables import Round
from pb_service.platform.db import uuid7


async def locked(session: AsyncSession, round_id: UUID, contest: str, project: str) -> Implementation:
    """Return the row of a funded project, begun if there is none, locked until the transaction ends."""
    key = {"round_id": round_id, "contest": contest, "project": project}
    row = insert(Implementation).values(id=uuid7(), version=0, **key)
    await session.execute(row.on_conflict_do_nothing())
    query = select(Implementation).filter_by(**key).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one()


async def of_round(session: AsyncSession, round_id: UUID) -> Sequence[Implementation]:
    """Return the projects of a round that somebody has worked on."""
    query = select(Implementation).where(Implementation.round_id == round_id)
    return (await session.scalars(query.order_by(Implementation.contest, Implementation.project))).all()


async def rounds_in(session: AsyncSession, phases: Collection[Phase]) -> Sequence[Round]:
    """Return the rounds of one's own in these phases, but rehearsals, by address."""
    query = select(Round).where(Round.phase.in_(phases), Round.imported.is_(False), Round.rehearsal.is_(False))
    return (await session.scalars(query.order_by(Round.slug))).all()


async def one(session: AsyncSession, round_id: UUID, contest: str, project: str) -> Implementation | None:
    query = select(Implementation).filter_by(round_id=round_id, contest=contest, project=project)
    return (await session.scalars(query)).one_or_none()


async def acts(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[ImplementationAct]]:
    """Return the histories of these projects, each in its order."""
    query = select(ImplementationAct).where(ImplementationAct.implementation_id.in_(ids))
    found: dict[UUID, list[ImplementationAct]] = defaultdict(list)
    for act in await session.scalars(query.order_by(ImplementationAct.implementation_id, ImplementationAct.number)):
        found[act.implementation_id].append(act)
    return found


async def act_by_id(session: AsyncSession, row_id: int) -> tuple[ImplementationAct, Implementation, Round] | None:
    """Return an act with its project and round."""
    query = (
        select(ImplementationAct, Implementation, Round)
        .join(Implementation, Implementation.id == ImplementationAct.implementation_id)
        .join(Round, Round.id == Implementation.round_id)
        .where(ImplementationAct.id == row_id)
    )
    found = (await session.execute(query)).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


async def act_by_once(session: AsyncSession, once: UUID) -> ImplementationAct | None:
    """Return the act that a form with this key has made."""
    return (await session.scalars(select(ImplementationAct).where(ImplementationAct.once == once))).one_or_none()


async def proposals_of(session: AsyncSession, round_id: UUID, numbers: Sequence[int]) -> Sequence[Proposal]:
    """Return the proposals of a round with these numbers, by number."""
    query = select(Proposal).where(Proposal.round_id == round_id, Proposal.number.in_(numbers))
    return (await session.scalars(query.order_by(Proposal.number))).all()


async def projects_of_proposals(
    session: AsyncSession, proposal_ids: Sequence[UUID]
) -> Sequence[tuple[UUID, BallotProject, Round]]:
    """Return, of these proposals, those that a project of a counted round was made from: proposal, project, round."""
    query = (
        select(ProjectSource.proposal_id, BallotProject, Round)
        .join(BallotProject, BallotProject.id == ProjectSource.project_id)
        .join(Round, Round.id == BallotProject.round_id)
        .where(ProjectSource.proposal_id.in_(proposal_ids), Round.phase.in_(AFTER_COUNT), Round.imported.is_(False))
        .order_by(ProjectSource.proposal_id)
    )
    return [(row[0], row[1], row[2]) for row in await session.execute(query)]
