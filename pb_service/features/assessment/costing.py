"""Cost sheets: set by one person, signed by another, each version kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals import costs
from pb_service.core.proposals.costs import CostSheet, Figures
from pb_service.core.proposals.texts import reason_sha256
from pb_service.core.rounds.setup import CostsStep, Problem
from pb_service.features.accounts.policy import Actor, may, require
from pb_service.features.assessment import repository
from pb_service.features.assessment.acts import hand_of, note, require_phase
from pb_service.features.assessment.errors import Changed, NotNow, NotThere, QuestionOpen, Refused, SameHand
from pb_service.features.assessment.tables import BallotProject, CostSheetRow
from pb_service.features.proposals import repository as proposals
from pb_service.features.proposals.policy import require_not_own
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.proposals.tables import Proposal
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round

#: States of a proposal in which it may be costed.
_COSTED = frozenset({"published", "assessed", "on_ballot"})


@dataclass(frozen=True)
class Costed:
    """What a sheet is of: a proposal (``p17``) or a project (its code)."""

    found: Round
    object_id: str
    proposal: Proposal | None
    project: BallotProject | None

    @property
    def district(self) -> str | None:
        return self.proposal.district if self.proposal else self.project.contest if self.project else None

    @property
    def keys(self) -> dict[str, UUID | None]:
        """The columns by which rows name it."""
        return {
            "proposal_id": self.proposal.id if self.proposal else None,
            "project_id": self.project.id if self.project else None,
        }

    @property
    def title(self) -> dict[str, str]:
        """What it is called, by language."""
        if self.proposal:
            return {self.proposal.language: self.proposal.title}
        titles = self.project.titles if self.project else {}
        return {code: wording["text"] for code, wording in titles.items() if wording.get("text")}


@dataclass(frozen=True)
class Version:
    """A version of a sheet with what it came to."""

    row: CostSheetRow
    sheet: CostSheet
    figures: Figures


async def costed(session: AsyncSession, found: Round, object_id: str, *, for_update: bool = False) -> Costed:
    """Return what ``p17`` or a project's code names in a round. Raises NotThere."""
    if object_id.startswith("p") and object_id[1:].isascii() and object_id[1:].isdecimal() and len(object_id) < 10:
        row = await proposals.by_number(session, found.id, int(object_id[1:]), for_update=for_update)
        if row is not None and row.state != "draft":
            return Costed(found, object_id, row, None)
    elif project := await repository.project(session, found.id, object_id, for_update=for_update):
        return Costed(found, object_id, None, project)
    raise NotThere("There is nothing of this name in the round.")


async def costed_for(session: AsyncSession, actor: Actor, found: Round, object_id: str) -> Costed:
    """As `costed`, for staff who may see figures that nobody has signed. Raises NotThere, Forbidden."""
    of = await costed(session, found, object_id)
    if not may(actor, "costs.edit", round_id=found.id, district=of.district):
        require(actor, "assessment.sign", round_id=found.id, district=of.district)
    return of


async def versions(session: AsyncSession, of: Costed, terms: CostsStep) -> list[Version]:
    """Return the versions of a sheet, the oldest first."""
    keys = of.keys
    rows = await repository.sheets(
        session,
        proposals=[keys["proposal_id"]] if keys["proposal_id"] else [],
        projects=[keys["project_id"]] if keys["project_id"] else [],
    )
    return [version_of(row, terms) for row in rows]


def version_of(row: CostSheetRow, terms: CostsStep) -> Version:
    """Return a stored sheet with its figures."""
    sheet = costs.read_sheet(row.content)
    return Version(row, sheet, costs.figures(sheet, terms))


def last_signed(found: list[Version]) -> Version | None:
    """Return the newest version that a second person signed, or None."""
    return next((version for version in reversed(found) if version.row.signed_at), None)


async def set_cost(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    object_id: str,
    content: Mapping[str, Any],
    *,
    version: int,
    reason: Mapping[str, str],
    key: bytes,
    now: datetime,
) -> CostSheetRow:
    """Save a sheet over the version that was looked at. A cost that was signed before changes only with a reason.

    Saving the same again changes nothing. Raises Refused, Changed, NotNow, NotThere, ReasonMissing, OwnProposal,
    Forbidden.
    """
    require_phase(found)
    of = await costed(session, found, object_id, for_update=True)
    hand = hand_of(actor, "costs.edit", found, key, district=of.district)
    await _require_open(session, of, actor)
    terms = (await setup_of(session, found)).costs
    before = await versions(session, of, terms)
    newest = before[-1] if before else None
    if version != (newest.row.version if newest else 0):
        raise Changed(newest.row.version if newest else 0)
    try:
        sheet = costs.tidy(costs.read_sheet(content))
    except msgspec.ValidationError as error:
        raise Refused([Problem("sheet", "shape", {"reason": str(error)})]) from error
    if wrong := costs.problems(sheet, terms):
        raise Refused(wrong)
    figures = costs.figures(sheet, terms)
    if figures.amount is None:  # problems() has said so
        raise Refused([Problem("lines", "nothing")])
    if newest and newest.sheet == sheet and newest.figures == figures:
        return newest.row
    kept = await required_reason(session, reason) if last_signed(before) else {}
    row = CostSheetRow(
        **of.keys,
        version=version + 1,
        content=costs.document(sheet),
        kind=figures.kind,
        amount=figures.amount,
        low=figures.low,
        high=figures.high,
        upkeep=figures.upkeep,
        reason=kept,
        set_by=hand.account_id,
        set_at=now,
    )
    session.add(row)
    about: dict[str, Any] = {
        "version": row.version,
        "kind": figures.kind,
        "amount": figures.amount,
        "upkeep": figures.upkeep,
        "lines_sha256": costs.lines_sha256(sheet).hex(),
        "by": hand.pseudonym,
    }
    about |= {"number": of.proposal.number} if of.proposal else {"project": object_id}
    about |= {name: value for name, value in (("low", figures.low), ("high", figures.high)) if value is not None}
    about |= {"reason_sha256": reason_sha256(kept).hex()} if kept else {}
    await note(session, found, "cost.set", object_id, about, hand=hand, now=now, shown={"reason": kept} if kept else {})
    return row


async def sign_cost(
    session: AsyncSession, actor: Actor, found: Round, object_id: str, *, version: int, key: bytes, now: datetime
) -> CostSheetRow:
    """Sign the newest version of a sheet, as somebody else than who set it. Signing twice changes nothing.

    Raises Changed, SameHand, QuestionOpen, NotNow, NotThere, OwnProposal, Forbidden.
    """
    require_phase(found)
    of = await costed(session, found, object_id, for_update=True)
    hand = hand_of(actor, "assessment.sign", found, key, district=of.district)
    await _require_open(session, of, actor)
    rows = await versions(session, of, (await setup_of(session, found)).costs)
    if not rows or rows[-1].row.version != version:
        raise Changed(rows[-1].row.version if rows else 0)
    row = rows[-1].row
    if row.signed_by == hand.account_id:
        return row
    if row.signed_at is not None:
        raise Changed(version)
    if row.set_by == hand.account_id or row.set_by is None:
        raise SameHand("sign")
    if await repository.open_questions(session, **of.keys):
        raise QuestionOpen("A question about this cost is open. Answer or settle it first.")
    row.signed_by, row.signed_at = hand.account_id, now
    about = {"object": object_id, "version": version, "signer": hand.pseudonym}
    await note(session, found, "cost.signed", object_id, about, hand=hand, now=now)
    return row


async def _require_open(session: AsyncSession, of: Costed, actor: Actor) -> None:
    """Refuse a sheet of what is not worked on, and staff who wrote a proposal themselves."""
    if of.proposal:
        require_not_own(of.proposal, actor.account_id)
        if of.proposal.state not in _COSTED:
            raise NotNow("state")
        return
    ids = (
        [each for each, _ in (await repository.sources(session, [of.project.id]))[of.project.id]] if of.project else []
    )
    for row in await proposals.several(session, ids):
        require_not_own(row, actor.account_id)
