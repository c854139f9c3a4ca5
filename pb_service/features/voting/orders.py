"""Steps of a running vote that several people sign, each with a reason: strikes, more time, keys; and incidents.

Whoever begins says what and why; then everybody whose signature the step needs signs the same entry with a key of their
own, and with the last signature it is logged. What the state of the vote does not take is never logged.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar, Literal
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries
from pb_service.core.record.canonical import b64u, decode, encode, unb64u
from pb_service.core.record.forms import STRIKE_REASONS
from pb_service.core.record.signatures import SIGNATURE_SIZE, sign_entry
from pb_service.core.sealing.election import RANKS, Election, RecordError
from pb_service.features.accounts import access_log, signing_keys
from pb_service.features.accounts.policy import Act, Actor, Role, require
from pb_service.features.opening.drafting import granted_keys
from pb_service.features.opening.state import state_of
from pb_service.features.proposals.reasons import required_reason
from pb_service.features.record import service as record
from pb_service.features.roll import repository as rolls
from pb_service.features.rounds.tables import Round
from pb_service.features.voting import order_repository, repository
from pb_service.features.voting.tables import OrderSignature, VoteOrder
from pb_service.platform import jobs
from pb_service.platform.errors import StepRefused

OrderKind = Literal["strike", "extend", "key", "paper", "paperlist", "env"]

#: The steps of the vote itself; those of the desk are many, and have pages of their own.
STEPS: tuple[OrderKind, ...] = ("strike", "extend", "key")
PAPER: tuple[OrderKind, ...] = ("paper",)
#: What two officers hand to a person: paper, or a vote sealed on a device of the desk.
HANDED: tuple[OrderKind, ...] = ("paper", "env")
LISTS: tuple[OrderKind, ...] = ("paperlist",)

#: The job that goes on with a count; the stage counting has its handler.
COUNT_JOB = "counting.count"

#: Whose signatures each kind needs, beside the operator's where it is named below.
SIGNED_BY: Mapping[OrderKind, tuple[Role, ...]] = {
    "strike": ("desk", "desk", "registrar"),
    "extend": ("registrar", "auditor"),
    "key": ("registrar", "auditor"),
    "paper": ("desk", "desk"),
    "paperlist": ("desk", "desk", "auditor"),
    "env": ("desk", "desk"),
}
_BY_OPERATOR: frozenset[OrderKind] = frozenset({"extend"})
#: By whose act each kind begins, and ends without having been logged.
BEGUN_BY: Mapping[OrderKind, Act] = {
    "strike": "vote.strike",
    "extend": "vote.prepare",
    "key": "vote.prepare",
    "paper": "desk.serve",
    "paperlist": "desk.serve",
    "env": "desk.serve",
}

#: Roles whose keys can be added to a running vote, and how their ids begin.
_ADDED: Mapping[str, str] = {"registrar": "reg", "auditor": "aud", "desk": "desk"}

#: Why an entry is struck, as the record knows it: of the public list of reasons, without a word about anybody.
REASONS = STRIKE_REASONS


class OrderRefused(StepRefused):
    """A step cannot be taken. ``code``: phase, unknown, reason, time, role, same_hand, ended, record."""

    type: ClassVar[str] = "order-refused"
    step: ClassVar[str] = "This step of the vote cannot be taken"


@dataclass(frozen=True)
class Waiting:
    """An order with who has signed it already, and the roles that are still to sign."""

    order: VoteOrder
    signed: Sequence[OrderSignature]
    missing: tuple[Role, ...]

    @property
    def entry(self) -> dict[str, Any]:
        """What is signed, without signatures."""
        found: dict[str, Any] = decode(self.order.entry)
        return found


@dataclass(frozen=True)
class _Asked:
    """What somebody asks for: the fields of the entry, and why."""

    kind: OrderKind
    fields: Mapping[str, Any]
    reason: Mapping[str, str]


async def ask_strike(
    session: AsyncSession, actor: Actor, found: Round, index: int, *, why: str, reason: Mapping[str, str], now: datetime
) -> VoteOrder:
    """Ask for an envelope or a paper entry to count no more. ``why`` is one of REASONS, ``reason`` the words for it.

    Raises OrderRefused, ReasonMissing, Forbidden, StepUpNeeded.
    """
    election = await _begun(session, actor, found, "strike", now)
    leaf = election.leaf_of(index)
    if leaf is None or index in election.struck:
        raise OrderRefused("unknown", "There is no envelope or paper ballot at this place that could be struck.")
    if why not in REASONS:
        raise OrderRefused("reason")
    fields = {"x": index, "lh": b64u(leaf), "why": why}
    return await _order(session, actor, found, _Asked("strike", fields, reason), election, now=now)


async def ask_extend(
    session: AsyncSession, actor: Actor, found: Round, until: datetime, reason: Mapping[str, str], *, now: datetime
) -> VoteOrder:
    """Ask for a later end of the vote. Raises OrderRefused, ReasonMissing, Forbidden, StepUpNeeded."""
    election = await _begun(session, actor, found, "extend", now)
    closes = int(until.timestamp())
    if closes <= election.closes or election.closed_at is not None or until <= now:
        raise OrderRefused("time", "A vote can only be made longer, before it is closed.")
    return await _order(session, actor, found, _Asked("extend", {"closes": closes}, reason), election, now=now)


async def ask_key(
    session: AsyncSession, actor: Actor, found: Round, public_key: bytes, *, reason: Mapping[str, str], now: datetime
) -> VoteOrder:
    """Ask for a key that was granted after the manifest to be known to the record, in the role of its grant.

    Raises OrderRefused, ReasonMissing, Forbidden, StepUpNeeded.
    """
    election = await _begun(session, actor, found, "key", now)
    granted = {key.public_key: grant.role for grant, key in await granted_keys(session, found)}
    role = granted.get(public_key)
    if role is None or role not in _ADDED or public_key in {key for _, key in election.keys.values()}:
        raise OrderRefused("unknown", "No such key is granted in this round, or the record knows it already.")
    name = next(f"{_ADDED[role]}{number}" for number in count(1) if not election.is_spent(f"{_ADDED[role]}{number}"))
    fields = {"id": name, "role": role, "pk": b64u(public_key)}
    return await _order(session, actor, found, _Asked("key", fields, reason), election, now=now)


async def take_off_key(
    session: AsyncSession, actor: Actor, found: Round, key_id: str, *, reason: Mapping[str, str], now: datetime
) -> VoteOrder:
    """Ask for a key to sign no more from now on. Raises OrderRefused, ReasonMissing, Forbidden, StepUpNeeded."""
    election = await _begun(session, actor, found, "key", now)
    if election.keys.get(key_id, ("", b""))[0] not in _ADDED:
        raise OrderRefused("unknown", "There is no such key of an official.")
    return await _order(session, actor, found, _Asked("key", {"id": key_id, "off": True}, reason), election, now=now)


async def sign(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    order_id: UUID,
    role: Role,
    *,
    kinds: Collection[OrderKind],
    public_key: str,
    signature: str,
    operator: Ed25519PrivateKey,
    now: datetime,
) -> bool:
    """Take one signature under an order of a locked round; with the last one it is logged. Returns whether it is.

    ``kinds``: what the caller lets people sign; each kind has rules of its own about who may, and one door.
    Raises OrderRefused, SignatureRefused, Forbidden.
    """
    waiting = await waiting_order(session, found, order_id)
    if kind_of(waiting.order) not in kinds:
        raise OrderRefused("unknown", "This is not signed here.")
    if waiting.order.logged_at is not None or waiting.order.dropped_at is not None:
        raise OrderRefused("ended")
    key = await signing_keys.verify(
        session, actor, waiting.entry, public_key=public_key, signature=signature, round_id=found.id, role=role, now=now
    )
    if any(one.public_key == key.public_key for one in waiting.signed):
        return False  # the same once more changes nothing
    if any(one.account_id == actor.account_id for one in waiting.signed):
        raise OrderRefused("same_hand", "Each signature is another person's.")
    if role not in waiting.missing:
        raise OrderRefused("role", "No signature in this role is missing.")
    state = await state_of(session, found.log, hold=True)
    _check_envelope(waiting, found, state.election, now)
    in_force = state.election.keys
    if (role, key.public_key) not in in_force.values():
        raise OrderRefused("role", "The record does not know this key in this role.")
    made = OrderSignature(
        order_id=order_id,
        public_key=key.public_key,
        role=role,
        signature=unb64u(signature, SIGNATURE_SIZE),
        account_id=actor.account_id,
        signed_at=now,
    )
    session.add(made)
    await session.flush()
    await access_log.note(session, actor.account_id, "vote.signed", f"{order_id} {role}", now=now)
    signed = [*waiting.signed, made]
    if len(signed) < len(SIGNED_BY[kind_of(waiting.order)]):
        return False
    names = {public: name for name, (_, public) in in_force.items()}
    pairs = [[names[one.public_key], b64u(one.signature)] for one in signed]
    if kind_of(waiting.order) in _BY_OPERATOR:
        pairs += sign_entry(waiting.entry, {"op": operator})["sg"]
    body = encode({**waiting.entry, "sg": sorted(pairs)})
    try:
        await state.append(session, body)
    except RecordError as error:
        raise OrderRefused("record", f"The record does not take this: {error}.") from error
    waiting.order.logged_at = now
    await session.flush()
    await _effect(session, found, waiting, state.election, body, now=now)
    if "off" in waiting.entry:
        await _forget_key(session, found, in_force[waiting.entry["id"]][1])
    return True


async def _forget_key(session: AsyncSession, found: Round, public_key: bytes) -> None:
    """Drop what a key has signed that is not logged: it signs no more, so somebody else must, or another key."""
    await order_repository.drop_signatures(session, found.id, public_key)
    await rolls.drop_change_signatures(session, found.id, public_key)


def _check_envelope(waiting: Waiting, found: Round, election: Election, now: datetime) -> None:
    """Refuse an envelope of the desk that the door would refuse now. Raises OrderRefused."""
    if kind_of(waiting.order) != "env":
        return
    assert election.manifest is not None  # noqa: S101 - there are envelopes
    if found.paused_at is not None:
        raise OrderRefused("phase", "The vote is paused.")
    if now >= found.vote[1] + timedelta(seconds=election.manifest.document["grace"]):
        raise OrderRefused("phase", "The vote is over.")
    entry = waiting.entry
    if election.stronger(entry["d"], unb64u(entry["a"], 32), RANKS["desk"]):
        raise OrderRefused("record", "A paper ballot was given in this name meanwhile, and paper wins.")


async def drop(session: AsyncSession, actor: Actor, found: Round, order_id: UUID, *, now: datetime) -> None:
    """Let go of an order that was not logged. Raises OrderRefused, Forbidden, StepUpNeeded."""
    waiting = await waiting_order(session, found, order_id)
    require(actor, BEGUN_BY[kind_of(waiting.order)], round_id=found.id, now=now)
    if waiting.order.logged_at is not None:
        raise OrderRefused("ended")
    waiting.order.dropped_at = now


async def waiting_order(session: AsyncSession, found: Round, order_id: UUID) -> Waiting:
    """Return an order of a round. Raises OrderRefused."""
    order = await session.get(VoteOrder, order_id)
    if order is None or order.round_id != found.id:
        raise OrderRefused("unknown")
    return await _waiting(session, order)


async def orders(
    session: AsyncSession, found: Round, kinds: Collection[OrderKind] = STEPS, *, open_only: bool = False
) -> list[Waiting]:
    """Return the orders of a round, newest first, with whose signatures are missing; those that wait, or all."""
    listed = await order_repository.orders_of(session, found.id, kinds, open_only=open_only)
    return [await _waiting(session, order) for order in listed]


async def _waiting(session: AsyncSession, order: VoteOrder) -> Waiting:
    signed = await order_repository.order_signatures(session, order.id)
    left = Counter[str](SIGNED_BY[kind_of(order)]) - Counter(one.role for one in signed)
    missing = tuple(role for role in dict.fromkeys(SIGNED_BY[kind_of(order)]) for _ in range(left[role]))
    return Waiting(order, signed, missing)


async def place_order(
    session: AsyncSession, actor: Actor, found: Round, kind: OrderKind, fields: Mapping[str, Any], *, now: datetime
) -> VoteOrder:
    """Begin a step of the desk: an entry that officers sign. Whoever calls has asked whether it may be begun.

    ``actor``: the officer, for an envelope the one who has looked the voter up.
    """
    election = (await state_of(session, found.log)).election
    if election.manifest is None or not election.opened:
        raise OrderRefused("phase")
    return await _keep(session, actor, found, _Asked(kind, fields, {}), election, now=now)


async def note_incident(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    texts: Mapping[str, str],
    *,
    operator: Ed25519PrivateKey,
    now: datetime,
) -> None:
    """Say in the record that something went wrong, in words for everybody. Raises OrderRefused, ReasonMissing."""
    require(actor, "vote.prepare", round_id=found.id, now=now)
    state = await state_of(session, found.log, hold=True)
    if state.election.manifest is None:
        raise OrderRefused("phase")
    said = await required_reason(session, texts)
    body = encode({"v": 1, "t": int(now.timestamp()), "texts": [list(pair) for pair in sorted(said.items())]})
    fields = {"f": b64u(await record.put_file(session, body, kind="incident", at=now))}
    await state.append(session, entries.signed_entry("incident", state.election.manifest.eid, fields, {"op": operator}))


async def _begun(session: AsyncSession, actor: Actor, found: Round, kind: OrderKind, now: datetime) -> Election:
    require(actor, BEGUN_BY[kind], round_id=found.id, now=now)
    election = (await state_of(session, found.log)).election
    if not election.opened or election.counting:
        raise OrderRefused("phase", "The vote is not open, or its envelopes are listed already.")
    return election


async def _order(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    asked: "_Asked",
    election: Election,
    *,
    now: datetime,
) -> VoteOrder:
    reason = await required_reason(session, asked.reason)
    return await _keep(session, actor, found, _Asked(asked.kind, asked.fields, reason), election, now=now)


async def _keep(
    session: AsyncSession,
    actor: Actor,
    found: Round,
    asked: "_Asked",
    election: Election,
    *,
    now: datetime,
) -> VoteOrder:
    assert election.manifest is not None  # noqa: S101 - it is opened
    order = VoteOrder(
        round_id=found.id,
        kind=asked.kind,
        entry=encode({"v": 1, "k": asked.kind, "e": b64u(election.manifest.eid), **asked.fields}),
        reason=dict(asked.reason),
        asked_by=actor.account_id,
        asked_at=now,
    )
    session.add(order)
    await session.flush()
    await access_log.note(session, actor.account_id, "vote.asked", f"{order.id} {asked.kind}", now=now)
    return order


async def _effect(
    session: AsyncSession, found: Round, logged: Waiting, election: Election, body: bytes, *, now: datetime
) -> None:
    """Let the tables follow what the record says now."""
    entry = logged.entry
    match kind_of(logged.order):
        case "strike":
            await repository.strike(session, found.log, entry["x"], now)
        case "extend":
            found.closes_at = datetime.fromtimestamp(entry["closes"], UTC)
        case "paper":
            assert election.manifest is not None  # noqa: S101 - it took the entry
            group = election.manifest.contests[entry["d"]].group
            await order_repository.add_paper(session, found.log, body, group, now)
        case "env":
            assert election.manifest is not None  # noqa: S101 - it took the entry
            await order_repository.add_envelope(session, found.log, body, election.manifest, now)
        case "paperlist":
            await jobs.enqueue(session, COUNT_JOB, {"round": str(found.id)}, key=f"count:{found.id}")
        case _:
            pass


def kind_of(order: VoteOrder) -> OrderKind:
    """Return which kind of step an order is."""
    return next(kind for kind in SIGNED_BY if kind == order.kind)
