"""What the trustees of a round have done, do now and are waited for; and the answers of those outside.

Steps before the vote are taken by the stage opening, mixes and parts by the count; each is an entry of the record or a
refusal with its reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode
from pb_service.core.rounds.setup import Setup
from pb_service.core.sealing.election import Election
from pb_service.core.voting.counting import due_steps
from pb_service.features.accounts import access_log
from pb_service.features.accounts.policy import Actor, require
from pb_service.features.counting import repository
from pb_service.features.counting.errands import Answer
from pb_service.features.counting.errors import AnswerRefused
from pb_service.features.counting.sealed import Surroundings, counting
from pb_service.features.opening import repository as openings
from pb_service.features.opening import trustees as opening
from pb_service.features.opening.keyholders import held_here
from pb_service.features.opening.service import trustee_names
from pb_service.features.opening.state import state_of
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.record import service as record
from pb_service.features.rounds.finding import find_round
from pb_service.features.rounds.tables import Round
from pb_service.features.voting.orders import COUNT_JOB
from pb_service.platform import jobs
from pb_service.platform.keys import KeyFolder


@dataclass(frozen=True)
class Done:
    """A step that was taken, or refused and why. ``kind`` is that of the message."""

    trustee: int
    kind: str
    contest: str
    at: datetime
    why: str = ""


@dataclass(frozen=True)
class Holder:
    """A trustee: where her key lies, what she has done, and what of her is due (kinds and contests), since when."""

    number: int
    name: str
    is_here: bool
    has_person: bool
    has_key: bool
    is_mine: bool
    is_lost: bool
    public_key: str
    due: tuple[tuple[str, str], ...]
    done: tuple[Done, ...]
    since: datetime | None


@dataclass(frozen=True)
class Trustees:
    """All of it: who, what was refused (newest first), how the ceremony stands, and whether it is over."""

    holders: tuple[Holder, ...]
    refused: tuple[Done, ...]
    attempt: int
    ended: str
    is_under_way: bool
    has_manifest: bool
    is_opened: bool
    is_counting: bool
    may_seat: bool
    setup_id: str

    @property
    def mine(self) -> Holder | None:
        """The seat of the reader."""
        return next((holder for holder in self.holders if holder.is_mine), None)

    @property
    def lost(self) -> tuple[int, ...]:
        """Numbers of trustees without whom the count goes on."""
        return tuple(holder.number for holder in self.holders if holder.is_lost)


async def trustees_of(session: AsyncSession, actor: Actor, found: Round, setup: Setup, keys: KeyFolder) -> Trustees:
    """Return how the trustees of a round stand, for one reader."""
    names, seats = trustee_names(setup), await openings.seats_of(session, found.id)
    election = await _election(session, found)
    begun = election is not None and election.setup is not None
    here = frozenset(held_here(keys, found.id, election)) if election is not None and begun else None
    due = await _due(session, found, election) if election is not None else []
    before = await openings.ceremony_steps(session, found.id)
    steps = [Done(step.trustee, step.kind, "", step.at, step.why if step.is_refused else "") for step in before]
    counted = await repository.steps_of(session, found.id)
    steps += [
        Done(step.trustee, step.kind, step.contest, step.at, str(step.about["why"]) if step.is_refused else "")
        for step in counted
        if step.trustee
    ]
    attempt = election.setup.attempt if election is not None and election.setup else None
    times = [step.at for step in before if not step.is_refused and attempt in {None, step.attempt}]
    times += [step.at for step in counted if not step.is_refused]
    since = max([*times, *await _began(session, found)], default=None)
    is_apart = setup.trustees.mode != "self"
    holders = []
    for number, name in enumerate(names, start=1):
        seat = seats.get(number)
        has_person = is_apart and seat is not None and seat.account_id is not None
        lies_here = number in here if here is not None else not has_person
        named = election.setup.keys[number - 1] if election is not None and election.setup is not None else None
        key = named or (seat.public_key if seat else None)
        holders.append(
            Holder(
                number=number,
                name=name,
                is_here=lies_here,
                has_person=has_person,
                has_key=lies_here or key is not None,
                is_mine=has_person and seat is not None and seat.account_id == actor.account_id,
                is_lost=seat is not None and seat.lost_at is not None,
                public_key=b64u(key) if key and not lies_here else "",
                due=tuple((kind, contest) for kind, contest, trustee in due if trustee == number),
                done=tuple(step for step in steps if step.trustee == number and not step.why),
                since=since,
            )
        )
    return Trustees(
        holders=tuple(holders),
        refused=tuple(step for step in reversed(steps) if step.why),
        attempt=election.setup.attempt if election is not None and election.setup else 0,
        ended=(election.ended or "") if election is not None else "",
        is_under_way=election is not None and begun and election.ended is None and election.manifest is None,
        has_manifest=election is not None and election.manifest is not None,
        is_opened=election is not None and election.opened,
        is_counting=election is not None and election.closed_at is not None,
        may_seat=not begun or (election is not None and election.ended is not None),
        setup_id=b64u(election.setup.sid) if election is not None and election.setup else "",
    )


async def take_answer(service: Surroundings, actor: Actor, slug: str, answer: Answer) -> tuple[int, list[str]]:
    """Take a trustee's answer piece by piece. Returns how many the record has now, and why others were refused.

    Raises OpeningRefused for who is no trustee, AnswerRefused, Forbidden.
    """
    taken, refused = 0, []
    for body in answer.messages:
        why = await _take(service, actor, slug, body, answer.files)
        taken += not why
        refused += [why] if why else []
    if taken:
        async with service.database.transaction() as session:
            found = await find_round(session, slug, whole=False)
            await access_log.note(session, actor.account_id, "trustee.answered", slug, now=service.clock())
            if found.phase == "counting":
                await jobs.enqueue(session, COUNT_JOB, {"round": str(found.id)}, key=f"count:{found.id}")
    return taken, refused


async def set_lost(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    number: int,
    reason: Mapping[str, str],
    *,
    keys: KeyFolder,
    is_lost: bool,
    now: datetime,
) -> None:
    """Say that the count of a locked round goes on without a trustee, or with her again; the record says it, and why.

    Raises AnswerRefused where there is no such trustee, where too few would be left, or outside a count.
    """
    require(actor, "counts.close", round_id=found.id, now=now)
    state = await state_of(session, found.log, hold=True)
    election = state.election
    seat = (await openings.seats_of(session, found.id)).get(number)
    if election.manifest is None or election.setup is None or election.closed_at is None or seat is None:
        raise AnswerRefused("absent", "There is no trustee outside with this number in a count.")
    lost = await openings.lost_of(session, found.id) | ({number} if is_lost else frozenset())
    if is_lost and election.setup.setting.trustees - len(lost) < election.setup.setting.quorum:
        raise AnswerRefused("few", "Too few trustees would be left to open the ballots.")
    said = await required_reason(session, reason)
    seat.lost_at = now if is_lost else None
    document = {"v": 1, "t": int(now.timestamp()), "texts": [list(pair) for pair in sorted(said.items())]}
    body = encode(document | {"trustee": number, "without": is_lost})
    fields = {"f": b64u(await record.put_file(session, body, kind="notice", at=now))}
    notice = entries.signed_entry("notice", election.manifest.eid, fields, {"op": keys.ed25519("op")})
    await state.append(session, notice)
    await access_log.note(session, actor.account_id, "trustee.lost", f"{found.slug} {number} {is_lost}", now=now)
    await jobs.enqueue(session, COUNT_JOB, {"round": str(found.id)}, key=f"count:{found.id}")


async def _take(service: Surroundings, actor: Actor, slug: str, body: bytes, files: Mapping[bytes, bytes]) -> str:
    """Take one piece in a transaction of its own: what was taken stays taken if a later one is refused."""
    if _kind(body) not in {"mix", "dec"}:
        async with service.database.transaction() as session:
            found = await find_round(session, slug, for_update=True)
            return await opening.take(session, actor, found, body, files, keys=service.keys, now=service.clock())
    async with service.database.reading() as session:
        found = await find_round(session, slug)
        require(actor, "trustee.serve", round_id=found.id)
        seat = await opening.own_seat(session, actor, found)
        number = seat.number
    if found.phase != "counting":
        return "It is not this step's turn."
    async with counting(service, found) as work:
        return await work.take(number, body, files)


def _kind(body: bytes) -> str:
    try:
        fields = decode(body)
    except CanonicalError:
        return ""
    return str(fields.get("k")) if isinstance(fields, dict) else ""


async def _election(session: AsyncSession, found: Round) -> Election | None:
    if found.log_id is None or await openings.opening_of(session, found.id) is None:
        return None
    return (await state_of(session, found.log)).election


async def _began(session: AsyncSession, found: Round) -> list[datetime]:
    """When other people's acts made it the trustees' turn: the setup, the manifest's last signature, the close."""
    begun, closing = await openings.opening_of(session, found.id), await repository.closing_of(session, found.id)
    moments = [begun.begun_at] if begun else []
    if found.manifest_sha256 is not None:
        moments += [signed.signed_at for signed in await openings.signatures_of(session, found.id)]
    return [*moments, *([closing.closed_at] if closing and closing.closed_at else [])]


async def _due(session: AsyncSession, found: Round, election: Election) -> Sequence[tuple[str, str, int]]:
    """What is due of trustees: kind, contest and trustee."""
    if election.closed_at is not None:
        lost = await openings.lost_of(session, found.id)
        steps = due_steps(election, lost)
        return [(step.kind, step.contest, step.trustee) for step in steps if step.kind in {"mix", "dec"}]
    turn = await opening.turn_of(session, found, election)
    return [(turn.kind, "", turn.trustee)] if turn is not None else []
