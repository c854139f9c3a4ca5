"""What assessment has published about proposals, for the pages and data of the stage before it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals import costs
from pb_service.core.proposals.form import ProposalForm
from pb_service.core.rounds.setup import CostsStep, Setup, text_in
from pb_service.features.assessment import repository, reviews
from pb_service.features.assessment.projects import text_of
from pb_service.features.assessment.tables import AssessmentDecision, CostSheetRow, ReviewRequest
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.facts import CostFact, CostPart, ProjectFact, ProposalFacts
from pb_service.features.proposals.forms import form_of
from pb_service.features.rounds.setups import setup_of


class AssessmentFacts:
    """A FactSource (features/proposals/facts.py): signed costs, decisions, projects. Unsigned figures stay inside."""

    async def amounts(self, session: AsyncSession, round_id: UUID) -> Mapping[UUID, int]:
        """Return the signed costs of a round's proposals, in minor units."""
        return await repository.signed_amounts(session, round_id)

    async def about(self, session: AsyncSession, proposal_ids: Sequence[UUID]) -> Mapping[UUID, ProposalFacts]:
        """Return what is published about proposals beyond their own stage."""
        rows = await proposals.several(session, proposal_ids)
        setups: dict[UUID, Setup] = {}
        forms: dict[UUID, ProposalForm] = {}
        for row in rows:
            if row.round_id not in setups:
                (found,) = (await proposals.rounds_of(session, [row.round_id])).values()
                setups[row.round_id] = await setup_of(session, found)
                forms[row.round_id], _ = await form_of(session, found.id)
        placed = await repository.projects_of(session, proposal_ids)
        sources = await repository.sources(session, {project.id for project in placed.values()})
        decisions = await repository.feasibility_decisions(session, proposal_ids)
        reviewed = {each.proposal_id for each in await repository.reviews(session, proposal_ids) if _closes(each)}
        sheets = await repository.sheets(
            session, proposals=proposal_ids, projects=[project.id for project in placed.values()]
        )
        found_facts = {}
        for row in rows:
            project = placed.get(row.id)
            own = [sheet for sheet in sheets if project and sheet.project_id == project.id]
            of_proposal = [sheet for sheet in sheets if sheet.proposal_id == row.id]
            decision = decisions.get(row.id) if row.state in {"assessed", "infeasible", "on_ballot"} else None
            found_facts[row.id] = ProposalFacts(
                cost=_cost([sheet for sheet in own or of_proposal if sheet.signed_at], setups[row.round_id].costs),
                project=None
                if project is None
                else ProjectFact(
                    project.number,
                    {code: text_in(text_of(project.titles), code) for code in project.titles},
                    tuple(number for _, number in sources[project.id]),
                ),
                review_until=None if row.id in reviewed else reviews.asked_until(row, forms[row.round_id]),
                checks=_checks(decision, setups[row.round_id]),
            )
        return found_facts


def _closes(review: ReviewRequest) -> bool:
    """Whether nobody can ask for a review any more: one is open, or the refusal stood in it."""
    return review.outcome in {None, "upheld"}


def _cost(signed: Sequence[CostSheetRow], terms: CostsStep) -> CostFact | None:
    if not signed:
        return None
    last = signed[-1]
    sheet = costs.read_sheet(last.content)
    figures = costs.figures(sheet, terms)
    added = figures.upkeep * terms.upkeep_years if terms.upkeep == "added" else 0
    return CostFact(
        amount=last.amount,
        low=last.low,
        high=last.high,
        upkeep=last.upkeep,
        set_at=last.set_at,
        signed_at=last.signed_at,
        parts=tuple(CostPart(line.what, costs.line_total(line), line.source) for line in sheet.lines),
        contingency=figures.contingency,
        rounding=figures.rounding,
        added=added,
        total=figures.total + added,
        versions=tuple((row.amount, row.signed_at or row.set_at, row.reason) for row in signed),
    )


def _checks(
    decision: AssessmentDecision | None, setup: Setup
) -> tuple[tuple[Mapping[str, str], bool, Mapping[str, str]], ...]:
    if decision is None:
        return ()
    return tuple(
        (
            {code: text_in(criterion.label, code) for code in criterion.label},
            decision.answers[criterion.key]["ok"],
            decision.answers[criterion.key]["reason"],
        )
        for criterion in setup.criteria.criteria
        if criterion.key in decision.answers
    )
