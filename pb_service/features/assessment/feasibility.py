"""Is a proposal feasible? Each assessor answers the round's checklist; they agree, or their lead decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals.texts import cleaned, reason_sha256
from pb_service.core.rounds.setup import Criterion, Problem, text_in
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment import repository
from pb_service.features.assessment.acts import hand_of, require_phase
from pb_service.features.assessment.errors import Changed, NotAgreed, NotThere, Refused
from pb_service.features.assessment.tables import AssessmentDecision, Feasibility
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals import service as proposal_service
from pb_service.features.proposals.policy import require_not_own
from pb_service.features.proposals.reasons import MOST_REASON
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round


@dataclass(frozen=True)
class Answer:
    """What somebody says to a point of the checklist; a no has its reason, by language."""

    ok: bool
    reason: Mapping[str, str]


Answers = Mapping[str, Answer]


async def answer(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    number: int,
    answers: Answers,
    *,
    version: int,
    key: bytes,
    now: datetime,
) -> Feasibility:
    """Keep what one assessor says to every point, over the version that they looked at.

    Raises Refused with the points in question, Changed, NotNow, NotThere, OwnProposal, Forbidden.
    """
    require_phase(found)
    proposal = await _proposal(session, found, number)
    hand = hand_of(actor, "assessment.work", found, key, district=proposal.district)
    require_not_own(proposal, actor.account_id)
    kept = await _checked(session, found, answers)
    row = await session.get(Feasibility, (proposal.id, hand.account_id))
    if version != (row.version if row else 0):
        raise Changed(row.version if row else 0)
    if row is None:
        row = Feasibility(proposal_id=proposal.id, account_id=hand.account_id, version=0, answers={}, at=now)
        session.add(row)
    row.answers, row.version, row.at = stored(kept), row.version + 1, now
    await session.flush()
    return row


async def decide(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    number: int,
    answers: Answers | None = None,
    *,
    key: bytes,
    now: datetime,
) -> AssessmentDecision:
    """Decide on feasibility: without ``answers`` what all assessors agree on, with them the word of the lead.

    Where nobody was made the lead, every assessor may decide whom no colleague contradicts. Raises NotAgreed, Refused,
    NotNow, NotThere, ActRefused, OwnProposal, Forbidden.
    """
    require_phase(found)
    proposal = await _proposal(session, found, number)
    hand = hand_of(actor, "assessment.work", found, key, district=proposal.district)
    require_not_own(proposal, actor.account_id)
    how: Literal["agreed", "lead"]
    if answers is None:
        opinions = await repository.opinions(session, [proposal.id])
        final, how = _common(await _criteria(session, found), opinions), "agreed"
    else:
        leads = [row for row in await repository.assignments(session, [proposal.id]) if row.lead]
        if leads and hand.account_id not in {row.account_id for row in leads}:
            raise NotAgreed("lead")
        final, how = await _checked(session, found, answers), "lead"
        if not leads:
            await _require_no_other_mind(session, proposal, hand.account_id, final)
    feasible = all(point.ok for point in final.values())
    criteria = [
        {"key": name, "ok": point.ok} | ({} if point.ok else {"reason_sha256": reason_sha256(point.reason).hex()})
        for name, point in final.items()
    ]
    decision = AssessmentDecision(
        proposal_id=proposal.id,
        feasible=feasible,
        answers=stored(final),
        how=how,
        decided_by=hand.account_id,
        decided_at=now,
    )
    session.add(decision)
    await proposal_service.moved(
        session,
        proposal,
        "assess" if feasible else "find_infeasible",
        {"feasible": feasible, "criteria": criteria, "decider": hand.pseudonym},
        hand="assessor",
        by_role=hand.role,
        account_id=hand.account_id,
        shown={"feasible": feasible, "criteria": stored(final), "reason": _joined(final)},
        now=now,
    )
    return decision


def stored(answers: Answers) -> dict[str, Any]:
    """Return answers as plain values."""
    return {name: {"ok": point.ok, "reason": dict(point.reason)} for name, point in answers.items()}


def read(content: Mapping[str, Any]) -> dict[str, Answer]:
    """Return answers from plain values."""
    return {name: Answer(point["ok"], point["reason"]) for name, point in content.items()}


def standard_reason(criterion: Criterion) -> dict[str, str]:
    """Return the reason that the round words for a criterion that is not met."""
    return {code: text_in(criterion.reason, code) for code in criterion.reason if text_in(criterion.reason, code)}


def _common(criteria: Sequence[Criterion], opinions: Sequence[Feasibility]) -> dict[str, Answer]:
    """Return what all assessors say; of their reasons for a no, the earliest. Raises NotAgreed."""
    if not opinions:
        raise NotAgreed("nobody")
    read_all = [read(row.answers) for row in opinions]
    final = {}
    for criterion in criteria:
        said = [each[criterion.key] for each in read_all if criterion.key in each]
        if len(said) < len(read_all) or len({point.ok for point in said}) != 1:
            raise NotAgreed("differ")
        final[criterion.key] = said[0]
    return final


async def _require_no_other_mind(session: AsyncSession, proposal: Proposal, account_id: UUID, final: Answers) -> None:
    """Refuse to overrule a colleague who answered otherwise, where nobody was made the lead."""
    for row in await repository.opinions(session, [proposal.id]):
        said = read(row.answers)
        if row.account_id != account_id and any(said[key].ok != final[key].ok for key in said.keys() & final.keys()):
            raise NotAgreed("differ")


def _joined(answers: Answers) -> dict[str, str]:
    """Return the reasons of every no in one text for each language."""
    texts: dict[str, list[str]] = {}
    for point in answers.values():
        if not point.ok:
            for code, words in point.reason.items():
                texts.setdefault(code, []).append(words)
    return {code: "\n".join(words) for code, words in texts.items()}


async def _criteria(session: AsyncSession, found: Round) -> Sequence[Criterion]:
    return (await setup_of(session, found)).criteria.criteria


async def _checked(session: AsyncSession, found: Round, answers: Answers) -> dict[str, Answer]:
    required = (await municipality(session)).languages
    kept: dict[str, Answer] = {}
    problems = []
    for criterion in await _criteria(session, found):
        point = answers.get(criterion.key)
        if point is None:
            problems.append(Problem(criterion.key, "required"))
            continue
        reason = {code: cleaned(words)[:MOST_REASON] for code, words in point.reason.items() if cleaned(words)}
        if not point.ok:
            problems += [
                Problem(f"{criterion.key}.{code}", "no_reason", {"language": code})
                for code in required
                if code not in reason
            ]
        kept[criterion.key] = Answer(point.ok, {} if point.ok else reason)
    if problems:
        raise Refused(problems)
    return kept


async def _proposal(session: AsyncSession, found: Round, number: int) -> Proposal:
    proposal = await proposals.by_number(session, found.id, number, for_update=True)
    if proposal is None or proposal.state == "draft":
        raise NotThere("There is no such proposal.")
    return proposal
