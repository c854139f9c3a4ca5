"""Queries of the stage assessment."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.policy import Role
from pb_service.features.accounts.tables import Account, RoleGrant
from pb_service.features.assessment.tables import (
    AnswerTemplate,
    AssessmentAct,
    AssessmentDecision,
    AssessmentNote,
    Assignment,
    AssignmentRule,
    BallotListRow,
    BallotProject,
    CostSheetRow,
    Feasibility,
    ModerationDecision,
    ProjectSource,
    ReviewRequest,
)
from pb_service.features.proposals.tables import Proposal, ProposalAct
from pb_service.features.rounds.tables import Contest, Project


async def project(
    session: AsyncSession, round_id: UUID, code: str, *, for_update: bool = False
) -> BallotProject | None:
    """Return a project of a round by its code, or None."""
    query = select(BallotProject).where(
        BallotProject.round_id == round_id, BallotProject.code == code, BallotProject.dropped_at.is_(None)
    )
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(query)).one_or_none()


async def project_by_once(session: AsyncSession, once: UUID) -> BallotProject | None:
    """Return what a form made when it was sent first, or None."""
    return (await session.scalars(select(BallotProject).where(BallotProject.once == once))).one_or_none()


async def projects(session: AsyncSession, round_id: UUID) -> Sequence[BallotProject]:
    """Return the projects of a round in the order of the ballots."""
    query = select(BallotProject).where(BallotProject.round_id == round_id, BallotProject.dropped_at.is_(None))
    return (
        await session.scalars(query.order_by(BallotProject.contest, BallotProject.position, BallotProject.number))
    ).all()


async def last_project_number(session: AsyncSession, round_id: UUID) -> int | None:
    """Return the highest number that a project of a round ever had, or None."""
    return await session.scalar(select(func.max(BallotProject.number)).where(BallotProject.round_id == round_id))


async def sources(session: AsyncSession, project_ids: Collection[UUID]) -> Mapping[UUID, list[tuple[UUID, int]]]:
    """Return the proposals of projects as (id, number), by number."""
    found: dict[UUID, list[tuple[UUID, int]]] = {each: [] for each in project_ids}
    query = (
        select(ProjectSource.project_id, Proposal.id, Proposal.number)
        .join(Proposal, Proposal.id == ProjectSource.proposal_id)
        .where(ProjectSource.project_id.in_(list(project_ids)))
        .order_by(Proposal.number)
    )
    for project_id, proposal_id, number in await session.execute(query):
        found[project_id].append((proposal_id, number or 0))
    return found


async def projects_of(session: AsyncSession, proposal_ids: Collection[UUID]) -> Mapping[UUID, BallotProject]:
    """Return the project that each of the proposals is part of; who is in none is left out."""
    query = (
        select(ProjectSource.proposal_id, BallotProject)
        .join(BallotProject, BallotProject.id == ProjectSource.project_id)
        .where(ProjectSource.proposal_id.in_(list(proposal_ids)), BallotProject.dropped_at.is_(None))
    )
    return {row[0]: row[1] for row in await session.execute(query)}


async def drop_sources(session: AsyncSession, project_id: UUID) -> None:
    """Let a project stand on no proposal."""
    await session.execute(delete(ProjectSource).where(ProjectSource.project_id == project_id))


async def sheets(
    session: AsyncSession, *, proposals: Collection[UUID] = (), projects: Collection[UUID] = ()
) -> Sequence[CostSheetRow]:
    """Return every version of the cost sheets of proposals and projects, the oldest of each first."""
    query = select(CostSheetRow).where(
        CostSheetRow.proposal_id.in_(list(proposals)) | CostSheetRow.project_id.in_(list(projects))
    )
    return (await session.scalars(query.order_by(CostSheetRow.version))).all()


async def signed_amounts(session: AsyncSession, round_id: UUID) -> dict[UUID, int]:
    """Return the newest signed cost of each proposal of a round: that of its project, if it is part of one."""
    of_proposals = (
        select(Proposal.id, CostSheetRow.amount)
        .join(CostSheetRow, CostSheetRow.proposal_id == Proposal.id)
        .where(Proposal.round_id == round_id, CostSheetRow.signed_at.is_not(None))
        .order_by(CostSheetRow.proposal_id, CostSheetRow.version)
    )
    of_projects = (
        select(ProjectSource.proposal_id, CostSheetRow.amount)
        .join(BallotProject, BallotProject.id == ProjectSource.project_id)
        .join(CostSheetRow, CostSheetRow.project_id == BallotProject.id)
        .where(
            BallotProject.round_id == round_id,
            BallotProject.dropped_at.is_(None),
            CostSheetRow.signed_at.is_not(None),
        )
        .order_by(ProjectSource.proposal_id, CostSheetRow.version)
    )
    amounts = {row[0]: row[1] for row in await session.execute(of_proposals)}
    return amounts | {row[0]: row[1] for row in await session.execute(of_projects)}


async def decisions_waiting(
    session: AsyncSession, round_id: UUID, *, for_update: bool = False
) -> Sequence[tuple[ModerationDecision, Proposal]]:
    """Return the prepared decisions of a round with their proposals, by number."""
    query = (
        select(ModerationDecision, Proposal)
        .join(Proposal, Proposal.id == ModerationDecision.proposal_id)
        .where(
            Proposal.round_id == round_id,
            ModerationDecision.published_at.is_(None),
            ModerationDecision.dropped_at.is_(None),
        )
        .order_by(Proposal.number)
    )
    if for_update:
        query = query.with_for_update(of=ModerationDecision)
    return [(decision, proposal) for decision, proposal in await session.execute(query)]


async def waiting_decision(session: AsyncSession, proposal_id: UUID) -> ModerationDecision | None:
    """Return the prepared decision about a proposal, locked, or None."""
    query = select(ModerationDecision).where(
        ModerationDecision.proposal_id == proposal_id,
        ModerationDecision.published_at.is_(None),
        ModerationDecision.dropped_at.is_(None),
    )
    return (await session.scalars(query.with_for_update())).one_or_none()


async def due_decisions(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """Return the rounds in which prepared decisions should be published by now."""
    query = (
        select(Proposal.round_id)
        .join(ModerationDecision, ModerationDecision.proposal_id == Proposal.id)
        .where(
            ModerationDecision.publish_at <= now,
            ModerationDecision.published_at.is_(None),
            ModerationDecision.dropped_at.is_(None),
        )
        .distinct()
    )
    return (await session.scalars(query)).all()


async def templates(session: AsyncSession, round_id: UUID) -> Sequence[AnswerTemplate]:
    """Return the worded answers of a round and those of all rounds, by name."""
    query = select(AnswerTemplate).where((AnswerTemplate.round_id == round_id) | AnswerTemplate.round_id.is_(None))
    return (await session.scalars(query.order_by(AnswerTemplate.name, AnswerTemplate.id))).all()


async def opinions(session: AsyncSession, proposal_ids: Collection[UUID]) -> Sequence[Feasibility]:
    """Return what assessors said about proposals, the earliest first."""
    query = select(Feasibility).where(Feasibility.proposal_id.in_(list(proposal_ids)))
    return (await session.scalars(query.order_by(Feasibility.at, Feasibility.account_id))).all()


async def feasibility_decisions(
    session: AsyncSession, proposal_ids: Collection[UUID]
) -> Mapping[UUID, AssessmentDecision]:
    """Return the newest decision on the feasibility of each of the proposals that has one."""
    query = select(AssessmentDecision).where(AssessmentDecision.proposal_id.in_(list(proposal_ids)))
    query = query.order_by(AssessmentDecision.decided_at, AssessmentDecision.id)
    return {row.proposal_id: row for row in await session.scalars(query)}


async def assignments(session: AsyncSession, proposal_ids: Collection[UUID]) -> Sequence[Assignment]:
    """Return whom proposals are with now, leads first."""
    query = select(Assignment).where(Assignment.proposal_id.in_(list(proposal_ids)), Assignment.ended_at.is_(None))
    return (await session.scalars(query.order_by(Assignment.lead.desc(), Assignment.assigned_at, Assignment.id))).all()


async def end_assignments(session: AsyncSession, proposal_id: UUID, now: datetime) -> None:
    """Take a proposal out of all hands."""
    await session.execute(
        update(Assignment)
        .where(Assignment.proposal_id == proposal_id, Assignment.ended_at.is_(None))
        .values(ended_at=now)
    )


async def to_remind(session: AsyncSession, *, due_before: datetime, told_before: datetime) -> Sequence[Assignment]:
    """Return assignments that are due by a time and whose receiver was not told lately, locked; others skip them."""
    query = select(Assignment).where(
        Assignment.ended_at.is_(None),
        Assignment.due_at <= due_before,
        Assignment.reminded_at.is_(None) | (Assignment.reminded_at < told_before),
    )
    return (
        await session.scalars(query.order_by(Assignment.due_at, Assignment.id).with_for_update(skip_locked=True))
    ).all()


async def reviews_to_remind(
    session: AsyncSession, *, due_before: datetime, told_before: datetime
) -> Sequence[ReviewRequest]:
    """Return open reviews that are due by a time and of which nobody was told lately, locked; others skip them."""
    query = select(ReviewRequest).where(
        ReviewRequest.decided_at.is_(None),
        ReviewRequest.due_at <= due_before,
        ReviewRequest.reminded_at.is_(None) | (ReviewRequest.reminded_at < told_before),
    )
    query = query.order_by(ReviewRequest.due_at, ReviewRequest.id).with_for_update(skip_locked=True)
    return (await session.scalars(query)).all()


async def holders(session: AsyncSession, roles: Collection[Role]) -> Sequence[RoleGrant]:
    """Return the grants of some roles that hold now, to staff who can act."""
    query = (
        select(RoleGrant)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(RoleGrant.role.in_(list(roles)), RoleGrant.revoked_at.is_(None), Account.blocked_at.is_(None))
    )
    return (await session.scalars(query.order_by(RoleGrant.account_id, RoleGrant.id))).all()


async def rules(session: AsyncSession, round_id: UUID) -> Sequence[AssignmentRule]:
    """Return the rules of assignment of a round, in the order in which they are tried."""
    query = select(AssignmentRule).where(AssignmentRule.round_id == round_id)
    return (await session.scalars(query.order_by(AssignmentRule.position))).all()


async def replace_rules(session: AsyncSession, round_id: UUID, rows: Sequence[AssignmentRule]) -> None:
    """Let a round have these rules and no others."""
    await session.execute(delete(AssignmentRule).where(AssignmentRule.round_id == round_id))
    session.add_all(rows)
    await session.flush()


async def notes(
    session: AsyncSession, *, proposal_id: UUID | None = None, project_id: UUID | None = None
) -> Sequence[AssessmentNote]:
    """Return the notes about a proposal or a project, the oldest first."""
    about = AssessmentNote.proposal_id == proposal_id if proposal_id else AssessmentNote.project_id == project_id
    return (
        await session.scalars(select(AssessmentNote).where(about).order_by(AssessmentNote.at, AssessmentNote.id))
    ).all()


async def open_questions(
    session: AsyncSession, *, proposal_id: UUID | None = None, project_id: UUID | None = None
) -> int:
    """Return how many questions about a cost are not settled."""
    about = AssessmentNote.proposal_id == proposal_id if proposal_id else AssessmentNote.project_id == project_id
    query = select(func.count()).select_from(AssessmentNote)
    return await session.scalar(query.where(about, AssessmentNote.question, AssessmentNote.settled_at.is_(None))) or 0


async def reviews(session: AsyncSession, proposal_ids: Collection[UUID]) -> Sequence[ReviewRequest]:
    """Return the reviews of proposals, the oldest first."""
    query = select(ReviewRequest).where(ReviewRequest.proposal_id.in_(list(proposal_ids)))
    return (await session.scalars(query.order_by(ReviewRequest.asked_at, ReviewRequest.id))).all()


async def open_review(session: AsyncSession, proposal_id: UUID) -> ReviewRequest | None:
    """Return the review of a proposal that waits for its decision, locked, or None."""
    query = select(ReviewRequest).where(ReviewRequest.proposal_id == proposal_id, ReviewRequest.decided_at.is_(None))
    return (await session.scalars(query.with_for_update())).one_or_none()


async def count_open_reviews(session: AsyncSession, round_id: UUID) -> int:
    """Return how many reviews of a round wait for a decision."""
    query = (
        select(func.count())
        .select_from(ReviewRequest)
        .join(Proposal, Proposal.id == ReviewRequest.proposal_id)
        .where(Proposal.round_id == round_id, ReviewRequest.decided_at.is_(None))
    )
    return await session.scalar(query) or 0


async def last_refusal(session: AsyncSession, proposal_id: UUID) -> ProposalAct | None:
    """Return the act by which a proposal was last refused, or None."""
    query = select(ProposalAct).where(
        ProposalAct.proposal_id == proposal_id, ProposalAct.act.in_(["reject", "find_infeasible"])
    )
    return (await session.scalars(query.order_by(ProposalAct.id.desc()).limit(1))).one_or_none()


async def proposals_in(session: AsyncSession, round_id: UUID, states: Collection[str]) -> Sequence[Proposal]:
    """Return the proposals of a round that are in one of the states, by number."""
    query = select(Proposal).where(Proposal.round_id == round_id, Proposal.state.in_(list(states)))
    return (await session.scalars(query.order_by(Proposal.number))).all()


async def proposals_numbered(session: AsyncSession, round_id: UUID, numbers: Collection[int]) -> Sequence[Proposal]:
    """Return the proposals of a round with these numbers, by number."""
    query = select(Proposal).where(Proposal.round_id == round_id, Proposal.number.in_(list(numbers)))
    return (await session.scalars(query.order_by(Proposal.number))).all()


async def lists(session: AsyncSession, round_id: UUID) -> Sequence[BallotListRow]:
    """Return every version of a round's ballot list that was not dropped, the newest first."""
    query = select(BallotListRow).where(BallotListRow.round_id == round_id, BallotListRow.dropped_at.is_(None))
    return (await session.scalars(query.order_by(BallotListRow.version.desc()))).all()


async def last_list_version(session: AsyncSession, round_id: UUID) -> int:
    """Return the number of the newest version of a round's list, dropped ones counted, 0 without one."""
    query = select(func.max(BallotListRow.version)).where(BallotListRow.round_id == round_id)
    return await session.scalar(query) or 0


async def replace_contests(session: AsyncSession, round_id: UUID, rows: Sequence[Contest]) -> None:
    """Let a round of one's own have these contests and no others. Only before its manifest is there."""
    old = select(Contest.id).where(Contest.round_id == round_id)
    await session.execute(delete(Project).where(Project.contest_id.in_(old)))
    await session.execute(delete(Contest).where(Contest.round_id == round_id))
    session.add_all(rows)
    await session.flush()


async def acts(session: AsyncSession, round_id: UUID, object_ids: Collection[str]) -> Sequence[AssessmentAct]:
    """Return what happened to objects of a round (``p17``, a project's code, ``list``), the oldest first."""
    query = select(AssessmentAct).where(
        AssessmentAct.round_id == round_id, AssessmentAct.object_id.in_(list(object_ids))
    )
    return (await session.scalars(query.order_by(AssessmentAct.id))).all()


async def names(session: AsyncSession, account_ids: Collection[UUID | None]) -> Mapping[UUID, str]:
    """Return how staff are called, by account; without a name their address. Who has neither is left out."""
    wanted = [each for each in account_ids if each is not None]
    query = select(Account.id, Account.name, Account.email).where(Account.id.in_(wanted))
    found = {each: name or email for each, name, email in await session.execute(query)}
    return {each: name for each, name in found.items() if name}
