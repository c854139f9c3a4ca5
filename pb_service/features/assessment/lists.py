"""The ballot list: looked at, confirmed by one person, fixed by the second; after that amended in the same way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.proposals import ballot_list
from pb_service.core.proposals.ballot_list import Ballot, Draft, Item, Point
from pb_service.core.proposals.states import OPEN, State
from pb_service.core.proposals.texts import reason_sha256
from pb_service.core.record import canonical
from pb_service.core.rounds.phases import Phase
from pb_service.core.rounds.setup import Problem, pairs, text_in
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.assessment import repository
from pb_service.features.assessment.acts import Hand, hand_of, note
from pb_service.features.assessment.costing import Version, version_of
from pb_service.features.assessment.errors import ListChanged, ListNotReady, NotNow, NotThere, SameHand
from pb_service.features.assessment.projects import text_of
from pb_service.features.assessment.tables import BallotListRow, BallotProject
from pb_service.features.proposals import service as proposals
from pb_service.features.proposals.policy import pseudonym
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.record import service as record
from pb_service.features.rounds.municipality import municipality
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Contest, Project, Round
from pb_service.platform.files import StoredFile

#: The object of the list's entries in the record.
LIST = "list"


@dataclass(frozen=True)
class ListState:
    """The list as it stands: what it is made of, what it lacks, its bytes when it lacks nothing, and its versions.

    ``waiting`` is a version that one person has confirmed, if it is still this list; ``fixed`` the newest that two
    have, ``changes`` how the list now differs from it.
    """

    draft: Draft
    points: tuple[Point, ...]
    body: bytes | None
    waiting: BallotListRow | None
    fixed: BallotListRow | None
    changes: tuple[tuple[str, list[str]], ...]

    @property
    def sha256(self) -> str:
        """The hash of the list as it stands, in hexadecimal, or nothing."""
        return ballot_list.sha256_of(self.body).hex() if self.body else ""


async def state_of(session: AsyncSession, actor: Actor, found: Round) -> ListState:
    """Return the list of a round for staff. Raises Forbidden."""
    require(actor, "rounds.preview", round_id=found.id)
    return await _state(session, found)


async def confirm(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    sha256: str,
    reason: Mapping[str, str],
    *,
    key: bytes,
    now: datetime,
) -> BallotListRow:
    """Confirm the list whose hash one has looked at; the second person's confirmation fixes it, or amends it.

    The round must be locked. An amendment needs a reason of the first person. Confirming twice changes nothing.
    Raises ListChanged, ListNotReady, SameHand, ReasonMissing, NotNow, StepUpNeeded, Forbidden.
    """
    hand = hand_of(actor, "list.fix", found, key, now=now)
    require_before_vote(found)
    state = await _state(session, found)
    if state.body is None:
        raise ListNotReady(state.points)
    if sha256 != state.sha256:
        raise ListChanged(state.sha256)
    if state.fixed is not None and state.fixed.body == state.body:
        return state.fixed
    if state.waiting is None:
        kept = await required_reason(session, reason) if state.fixed else {}
        return await _first(session, found, state.body, hand, kept, now=now)
    if state.waiting.confirmed_first_by == hand.account_id:
        return state.waiting
    if state.waiting.confirmed_first_by is None:
        raise SameHand("confirm")
    row = state.waiting
    row.confirmed_second_by, row.confirmed_second_at = hand.account_id, now
    first = pseudonym(key, found.id, state.waiting.confirmed_first_by)
    await _fix(session, found, state, row, confirmed=[first, hand.pseudonym], hand=hand, now=now)
    return row


async def take_back(session: AsyncSession, actor: Actor, found: Round, *, now: datetime) -> None:
    """Take the first confirmation back. Raises NotThere, Forbidden, StepUpNeeded."""
    require(actor, "list.fix", round_id=found.id, now=now)
    waiting = [row for row in await repository.lists(session, found.id) if row.confirmed_second_at is None]
    if not waiting:
        raise NotThere("Nobody has confirmed the list.")
    waiting[0].dropped_at = now


async def published_list(session: AsyncSession, found: Round) -> BallotListRow | None:
    """Return the newest list that two people have fixed, or None."""
    rows = await repository.lists(session, found.id)
    return next((row for row in rows if row.confirmed_second_at is not None), None)


async def guard_vote(session: AsyncSession, found: Round, target: Phase, _now: datetime) -> Problem | None:
    """A phase guard: a round of one's own may not begin its vote before its list is fixed."""
    if target != "voting" or found.imported:
        return None
    fixed = await published_list(session, found)
    return None if fixed is not None else Problem("phase", "no_list")


def require_before_vote(found: Round) -> None:
    """Refuse what belongs to the time before the manifest. Raises NotNow."""
    if found.imported or found.manifest_sha256 is not None or found.phase != "assessment":
        raise NotNow("phase")


async def _state(session: AsyncSession, found: Round) -> ListState:
    draft = await draft_of(session, found)
    points = tuple(ballot_list.checklist(draft))
    body = ballot_list.body_of(draft) if ballot_list.is_ready(points) else None
    rows = await repository.lists(session, found.id)
    fixed = next((row for row in rows if row.confirmed_second_at is not None), None)
    waiting = next((row for row in rows if row.confirmed_second_at is None and row.body == body), None)
    changes: tuple[tuple[str, list[str]], ...] = ()
    if fixed is not None and body is not None and fixed.body != body:
        changes = tuple(ballot_list.changed_projects(canonical.decode(fixed.body), canonical.decode(body)))
    return ListState(draft, points, body, waiting, fixed, changes)


async def draft_of(session: AsyncSession, found: Round) -> Draft:
    """Return everything that a round's list is made of now."""
    setup = await setup_of(session, found)
    rows = await repository.projects(session, found.id)
    sources = await repository.sources(session, [row.id for row in rows])
    single = {row.id: sources[row.id][0][0] for row in rows if len(sources[row.id]) == 1}
    sheets = await repository.sheets(session, proposals=list(single.values()), projects=[row.id for row in rows])
    of: dict[Any, list[Version]] = {}
    for sheet in sheets:
        of.setdefault(sheet.project_id or sheet.proposal_id, []).append(version_of(sheet, setup.costs))
    pictures = {row.id: await _picture(session, row) for row in rows}
    items: dict[str, list[Item]] = {}
    for row in rows:
        found_of = of.get(row.id) or of.get(single.get(row.id)) or []
        items.setdefault(row.contest, []).append(_item(row, sources[row.id], found_of, pictures[row.id]))
    ballots = tuple(
        Ballot(name, title, budget, tuple(items.get(name, ()))) for name, title, budget in ballot_list.contests(setup)
    )
    waiting: set[State] = set(OPEN)
    undecided = await repository.proposals_in(session, found.id, waiting)
    unplaced = await repository.proposals_in(session, found.id, {"assessed"})
    return Draft(
        slug=found.slug,
        setup=setup,
        languages=tuple((await municipality(session)).languages),
        ballots=ballots,
        undecided=len(undecided),
        reviews=await repository.count_open_reviews(session, found.id),
        unplaced=tuple(f"p{row.number}" for row in unplaced),
    )


def _item(row: BallotProject, source: list[tuple[Any, int]], versions: list[Version], picture: str) -> Item:
    signed = next((version for version in reversed(versions) if version.row.signed_at), None)
    return Item(
        code=row.code,
        titles=text_of(row.titles),
        texts=text_of(row.texts),
        contest=row.contest,
        proposals=tuple(number for _, number in source),
        cost=signed.row.amount if signed else None,
        kind=signed.row.kind if signed else "exact",
        low=signed.row.low if signed else None,
        high=signed.row.high if signed else None,
        upkeep=signed.row.upkeep if signed else 0,
        changed=signed is not None and versions[-1].row.version != signed.row.version,
        sets=tuple(row.sets),
        mandatory=row.mandatory,
        picture=picture,
        alt=text_of(row.alt),
        themes=tuple(row.themes),
        place=(row.place[0], row.place[1]) if row.place else None,
    )


async def _picture(session: AsyncSession, row: BallotProject) -> str:
    file = await session.get(StoredFile, row.picture_id) if row.picture_id else None
    return file.sha256.hex() if file else ""


async def _first(
    session: AsyncSession, found: Round, body: bytes, hand: Hand, reason: dict[str, str], *, now: datetime
) -> BallotListRow:
    """Keep the list as one person confirmed it; one that waited before and is another by now gives way."""
    for row in await repository.lists(session, found.id):
        if row.confirmed_second_at is None:
            row.dropped_at = now
    await session.flush()
    row = BallotListRow(
        round_id=found.id,
        version=await repository.last_list_version(session, found.id) + 1,
        body=body,
        sha256=ballot_list.sha256_of(body),
        confirmed_first_by=hand.account_id,
        confirmed_first_at=now,
        reason=reason,
    )
    session.add(row)
    await session.flush()
    return row


async def _fix(
    session: AsyncSession,
    found: Round,
    state: ListState,
    row: BallotListRow,
    *,
    confirmed: list[str],
    hand: Hand,
    now: datetime,
) -> None:
    """Let a list that two people have confirmed hold: book closed, ballots made, record told."""
    about: dict[str, Any] = {"list_sha256": row.sha256.hex(), "confirmed": confirmed}
    if row.reason:
        about["reason_sha256"] = reason_sha256(row.reason).hex()
    if state.fixed is None:
        await proposals.fix_book(session, found, now=now)
    kind = "list.amended" if state.fixed else "list.fixed"
    at = await note(session, found, kind, LIST, about, hand=hand, now=now, shown={"reason": row.reason})
    await record.put_file(session, row.body, kind="ballot-list", at=at)
    await repository.replace_contests(session, found.id, _contests(found, state.draft))


def _contests(found: Round, draft: Draft) -> list[Contest]:
    """What the next stage needs: a row for each contest and project, as imports make them."""
    setup, first = draft.setup, draft.languages[0]
    return [
        Contest(
            round_id=found.id,
            key=ballot.key,
            position=position,
            title=[list(pair) for pair in pairs(ballot.title)],
            language=first,
            fmt=setup.ballot.fmt,
            budget=ballot.budget or 0,
            limits=ballot_list.limits_of(setup.ballot, ballot.budget or 0, ballot.items),
            rule=ballot_list.rule_of(setup, ballot.items),
            projects=[
                Project(
                    number=number,
                    code=item.code,
                    title=text_in(item.titles, first),
                    cost=item.cost or 0,
                    categories=list(item.themes),
                    targets=[],
                    latitude=item.place and item.place[0],
                    longitude=item.place and item.place[1],
                )
                for number, item in enumerate(ballot.items)
            ],
        )
        for position, ballot in enumerate(draft.ballots)
    ]
