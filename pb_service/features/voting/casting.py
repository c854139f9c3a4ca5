"""The door of the vote: envelopes are checked, stored together, and answered when the record that holds them is public.

Docs/adr/0040 says why these commits are its own. An envelope goes through four places:

1. its form, alias and proof are checked, one envelope after the other;
2. it waits while the transaction before it is on its way, then one transaction takes all that wait: locks their
   aliases, looks what stands in these names, keeps their points, and adds entries and rows;
3. the sequencer, of this process or another, gives the entries indices and publishes a checkpoint;
4. the receipt is made from the published tiles, and only now is the voter answered.

What happens twice happens once: an envelope is known by its seal hash, wherever it is met again. Nothing here counts.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import checkpoint, entries, merkle
from pb_service.core.record.canonical import b64u
from pb_service.core.record.receipt import Receipt
from pb_service.core.record.tiles import Tile, TileTree
from pb_service.core.rounds.fingerprint import crockford
from pb_service.core.rounds.phases import AFTER_COUNT, Phase
from pb_service.core.sealing.election import RANKS
from pb_service.core.sealing.envelope import Envelope, EnvelopeError, check
from pb_service.features.accounts.policy import ANONYMOUS, Actor
from pb_service.features.record import repository as record
from pb_service.features.record.store import TileStore
from pb_service.features.roll.standing import Standing as RollStanding
from pb_service.features.roll.standing import roll_key
from pb_service.features.voting import repository
from pb_service.features.voting.errors import (
    BadEnvelope,
    BaseOutdated,
    Busy,
    CastRefused,
    Closed,
    NotIdentified,
    NotOpen,
    NotYours,
    OnPaper,
    Outranked,
    Paused,
    Repeated,
)
from pb_service.features.voting.passes import Signed
from pb_service.features.voting.polling import Polling
from pb_service.features.voting.repository import Moment, Standing
from pb_service.platform.clock import Clock
from pb_service.platform.db import Database, DatabaseUnavailable
from pb_service.platform.keys import KeyFolder

#: Envelopes that one process holds at once; who comes beyond them is asked to come back.
MOST_AT_ONCE = 2_000
#: Envelopes in one transaction.
BATCH = 500
#: How long a voter waits for the record before she is told to ask again, in seconds.
PATIENCE = 20
#: Seconds between the beginnings of two transactions while many come at once: a small part of the sequencer's turn,
#: and enough to make one of some fifty envelopes.
_APART = 0.1
#: How often the published checkpoint is looked at while somebody waits for it, in seconds.
_LOOK = 0.02
#: Receipts that are made before others get their turn.
_RECEIPTS = 50
#: Who votes again and again is told of it once in so long.
NOTICES_APART = timedelta(hours=1)
#: Days after which an account is simply old.
OLD_ACCOUNT = 30
_OVER: frozenset[Phase] = frozenset({"counting", *AFTER_COUNT})

log_event = structlog.get_logger()


@dataclass(frozen=True)
class Answer:
    """That an envelope is in the published record. ``is_new``: this posting put it there."""

    index: int
    seal: bytes
    receipt: str
    is_new: bool

    @property
    def code(self) -> str:
        """What a person compares."""
        return crockford(self.seal[:10])


@dataclass(eq=False)
class _Item:
    """An envelope on its way. ``outcome`` is what everybody who posted it waits for."""

    polling: Polling
    actor: Actor
    envelope: Envelope
    group: str
    cls: str
    seal: bytes
    body: bytes
    outcome: "asyncio.Future[tuple[int, str]]"
    address_key: bytes | None = None
    entry_id: int = 0
    is_new: bool = True
    refusal: CastRefused | None = None  # given once the entry that stands in its way is public
    signed: Signed | None = None

    @property
    def name(self) -> tuple[str, bytes]:
        return self.group, self.envelope.place.alias

    @property
    def points(self) -> list[bytes]:
        return [a for a, _ in self.envelope.pairs]


@dataclass
class _Waiting:
    """Envelopes of one log that wait for the published record: those that were looked for under the checkpoint of size
    ``looked_at``, and those that have come since."""

    items: list[_Item] = field(default_factory=list)
    fresh: list[_Item] = field(default_factory=list)
    looked_at: int = -1

    def drop_answered(self) -> None:
        self.items = [item for item in self.items if not item.outcome.done()]
        self.fresh = [item for item in self.fresh if not item.outcome.done()]


class CastingService:
    """One of these a process. Nothing is kept here that could be lost: what it holds, clients post again.

    It holds ``most`` envelopes at once.
    """

    def __init__(
        self, database: Database, tiles: TileStore, keys: KeyFolder, clock: Clock, *, most: int = MOST_AT_ONCE
    ) -> None:
        self._most = most
        self._database = database
        self._tiles = tiles
        self._keys = keys
        self._clock = clock
        self._voucher: Ed25519PrivateKey | None = None
        self._known: dict[tuple[UUID, bytes], _Item] = {}
        self._queue: list[_Item] = []
        self._waiting: dict[tuple[str, UUID], _Waiting] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def cast(
        self,
        polling: Polling,
        actor: Actor,
        envelope: Envelope,
        *,
        signed: Signed | None = None,
        address: str | None = None,
    ) -> Answer:
        """Take an envelope and return its receipt once the published record holds it. ``signed``: by the voter's own
        key; without it the service vouches for the account. ``address``: the network's, of which an HMAC is kept for a
        while.

        Raises NotYours, NotIdentified, BadEnvelope, CastRefused, and Busy: then the same envelope may be posted again
        at any time.
        """
        contest = polling.manifest.contests.get(envelope.place.contest)
        if contest is None or len(envelope.pairs) != contest.shape.width:
            raise BadEnvelope("This envelope belongs to no contest of the vote.")
        standing = await self._standing(polling, actor, contest.group, envelope.place.alias, signed)
        if signed and not await self._is_own(polling, actor, standing):
            actor = ANONYMOUS  # the voter uses a browser in which somebody else is signed in
        seal = envelope.seal_hash()
        key = (polling.log_id, seal)
        item, is_ours = self._known.get(key), False
        if item is None:
            if len(self._known) >= self._most:
                raise Busy("Many are voting just now. Try again in a moment.")
            is_ours, outcome = True, asyncio.get_running_loop().create_future()
            address_key = address_key_of(polling, self._keys, address) if address else None
            item = _Item(
                polling,
                actor,
                envelope,
                contest.group,
                standing.cls,
                seal,
                b"",
                outcome,
                address_key=address_key,
                signed=signed,
            )
            outcome.add_done_callback(lambda done: self._forget(key, done))
            self._known[key] = item
            self._check(item)
        try:
            index, receipt = await asyncio.wait_for(asyncio.shield(item.outcome), PATIENCE)
        except TimeoutError:
            raise Busy("The record is slow just now. Ask again in a moment: nothing is lost.") from None
        return Answer(index, seal, receipt, is_ours and item.is_new)

    async def _standing(
        self, polling: Polling, actor: Actor, group: str, alias: bytes, signed: Signed | None
    ) -> RollStanding:
        if signed:
            return signed.standing
        standing = await polling.standing(self._database, actor, self._keys, group=group, alias=alias)
        if standing.cls != "acct":
            raise NotIdentified("Your account alone is not enough here.")
        return standing

    async def _is_own(self, polling: Polling, actor: Actor, standing: RollStanding) -> bool:
        """Whether what was proven for this one vote is what the account that is signed in may vote in, too."""
        if actor.account_id is None:
            return False
        try:
            await polling.standing(self._database, actor, self._keys, group=standing.group, alias=standing.alias)
        except NotYours:
            return False
        return True

    async def close(self) -> None:
        """End what is under way; those who wait are told to come back."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for item in list(self._known.values()):
            _fail(item, Busy("The service is restarting. Ask again in a moment."))

    def _start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin some work, unless it is under way: then it sees by itself what has come."""

        async def until_done() -> None:
            try:
                await work()
            finally:
                del self._tasks[name]  # at once: what comes after its last look must find nobody at work

        if name not in self._tasks:
            self._tasks[name] = asyncio.get_running_loop().create_task(until_done())

    def _forget(self, key: tuple[UUID, bytes], done: "asyncio.Future[tuple[int, str]]") -> None:
        self._known.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever posted it may be gone

    # 1. Checked

    def _check(self, item: _Item) -> None:
        try:
            if self._voucher is None:
                self._voucher = self._keys.ed25519("vouch")
            # Here and not in a thread: it takes a third of a millisecond, and two threads take as long as one.
            item.body = _entry(item.envelope, item.cls, self._voucher, item.signed)
        except EnvelopeError as error:
            _fail(item, BadEnvelope(f"This envelope does not hold: {error}."))
        except Exception as error:
            _fail(item, error)
        else:
            self._queue.append(item)
            self._start("commit", self._commit_all)

    # 2. Stored

    async def _commit_all(self) -> None:
        """Store what is there, and what has come meanwhile, until nothing is."""
        loop = asyncio.get_running_loop()
        while self._queue:
            begun = loop.time()
            log_id = self._queue[0].polling.log_id
            batch = [item for item in self._queue if item.polling.log_id == log_id][:BATCH]
            taken = set(batch)
            self._queue = [item for item in self._queue if item not in taken]
            try:
                await self._commit(log_id, batch)
            except Exception as error:
                log_event.warning("voting.commit_failed", error=type(error).__name__)
                for item in batch:
                    _fail(item, error if isinstance(error, DatabaseUnavailable) else Busy("Try again in a moment."))
                continue
            waiting = self._waiting.setdefault((batch[0].polling.slug, log_id), _Waiting())
            waiting.fresh += [item for item in batch if not item.outcome.done()]
            self._start("watch", self._watch)
            if len(batch) > 1:
                await asyncio.sleep(max(0, begun + _APART - loop.time()))

    async def _commit(self, log_id: UUID, batch: Sequence[_Item]) -> None:
        """Decide about each envelope and store those that are taken, in one transaction. Refusals are told after it."""
        refused: dict[_Item, CastRefused] = {}
        names = {item.name for item in batch}
        async with self._database.transaction() as session:
            await repository.hold_log(session, log_id)
            await repository.hold_aliases(session, {_lock(log_id, *name) for name in names})
            moment = await repository.moment(session, log_id)
            seals = [item.seal for item in batch]
            standing = await repository.envelopes_of(session, log_id, names, seals)
            papers = await repository.papers_of(session, log_id, names)
            door = _Door(moment, standing, {(row.group, row.alias) for row, _ in papers if row.struck_at is None})
            taken = []
            for item in batch:
                refusal = door.known(item) or await self._too_late(session, item, moment) or door.refusal(item)
                if isinstance(refusal, CastRefused):
                    refused[item] = refusal
                elif refusal is None:
                    taken.append(item)
            taken = await _keep_points(session, log_id, taken, refused)
            await _store(session, log_id, taken, self._clock())
        for item in batch:
            if (error := refused.get(item)) and not item.entry_id:
                _fail(item, error)
            else:
                item.refusal = error

    async def _too_late(self, session: AsyncSession, item: _Item, moment: Moment) -> CastRefused | None:
        """Say why the round takes no envelopes at this moment, or None.

        After the end those may still cast who had signed in before it, for as long as the manifest says, unless the
        vote was closed meanwhile.
        """
        now = self._clock()
        if (refusal := not_open(moment, now)) or moment.closes_at is None or now < moment.closes_at:
            return refusal
        grace = timedelta(seconds=item.polling.manifest.document["grace"])
        since = item.signed.since if item.signed else await repository.signed_in_at(session, item.actor.session_id)
        return Closed("The vote is over.") if grace_is_over(moment, grace, since, now) else None

    # 3. and 4. Public

    async def _watch(self) -> None:
        """Answer those whose envelopes the published record holds, until nobody waits."""
        while self._waiting:
            await asyncio.sleep(_LOOK)
            for (slug, log_id), waiting in list(self._waiting.items()):
                waiting.drop_answered()
                if not waiting.items and not waiting.fresh:
                    del self._waiting[slug, log_id]
                    continue
                try:
                    await self._answer(slug, waiting)
                except Exception as error:
                    waiting.looked_at = -1
                    log_event.warning("voting.look_failed", error=type(error).__name__)
                    await asyncio.sleep(0.2)

    async def _answer(self, slug: str, waiting: _Waiting) -> None:
        note = self._tiles.read_checkpoint(slug)
        if note is None:
            return
        size, fresh = checkpoint.parse(note).size, list(waiting.fresh)
        looked_for = fresh if size == waiting.looked_at else waiting.items + fresh
        if not looked_for:
            return
        async with self._database.reading() as session:
            indices = await repository.indices_below(session, [item.entry_id for item in looked_for], size)
            again = [item.entry_id for item in looked_for if not item.is_new and item.entry_id in indices]
            bodies = await repository.bodies_of(session, again) if again else {}
        ready = [item for item in looked_for if item.entry_id in indices]
        for item in ready:
            if item.entry_id in bodies:
                item.body = bodies[item.entry_id][1]  # as it was logged, whoever vouched for it then
        for start in range(0, len(ready), _RECEIPTS):
            self._tell(slug, note, ready[start : start + _RECEIPTS], indices)
            await asyncio.sleep(0)
        waiting.items, waiting.fresh = waiting.items + fresh, waiting.fresh[len(fresh) :]
        waiting.looked_at = size

    def _tell(self, slug: str, note: bytes, ready: Sequence[_Item], indices: Mapping[int, int]) -> None:
        """Answer envelopes that the record of this checkpoint holds, or refuse them by what it holds instead."""
        wanted = [(item.body, indices[item.entry_id]) for item in ready if item.refusal is None]
        made = iter(receipts(self._tiles, slug, note, wanted))
        for item in ready:
            if item.refusal is None:
                with suppress(asyncio.InvalidStateError):
                    item.outcome.set_result((indices[item.entry_id], next(made)))
            else:
                size = checkpoint.parse(note).size
                _fail(item, BaseOutdated(size) if isinstance(item.refusal, BaseOutdated) else item.refusal)


class _Door:
    """What stands in the way of an envelope, by what stands in its name and by what came before it in the batch."""

    def __init__(self, moment: Moment, standing: Iterable[Standing], papers: set[tuple[str, bytes]]) -> None:
        self._size = moment.size
        self._papers = papers
        self._by_seal: dict[bytes, Standing] = {}
        self._by_name: dict[tuple[str, bytes], list[Standing]] = {}
        self._taken: set[tuple[str, bytes]] = set()
        for found in standing:
            self._by_seal[found.seal_hash] = found
            self._by_name.setdefault((found.group, found.alias), []).append(found)

    def known(self, item: _Item) -> bool | None:
        """Whether the envelope was taken before: then it is answered with its receipt, whatever has come since."""
        found = self._by_seal.get(item.seal)
        if found is None:
            return None
        item.entry_id, item.is_new = found.entry_id, False
        return True

    def refusal(self, item: _Item) -> CastRefused | None:
        """Say why the envelope is not taken, or None. Then it stands for those after it (protocol.md, 6)."""
        earlier = self._by_name.get(item.name, [])
        base = item.envelope.place.base
        if item.name in self._papers:
            return OnPaper("A paper ballot was given in this name, and paper wins.")
        if any(found.rank > RANKS[item.cls] for found in earlier if not found.is_struck):
            return Outranked("A ballot stands that was cast with a stronger proof of identity.")
        if item.name in self._taken:
            return BaseOutdated(self._size)
        last = earlier[-1] if earlier else None
        if last is not None and (last.index is None or last.index >= base):
            item.entry_id, item.is_new = last.entry_id, False  # told when that one is public: it gives the new base
            return BaseOutdated(self._size)
        if base > self._size:
            return BaseOutdated(self._size)
        self._taken.add(item.name)
        return None


def not_open(moment: Moment, now: datetime) -> CastRefused | None:
    """Say why a round takes nobody's envelope at this moment, or None. Who may cast after the end: grace_is_over."""
    if moment.phase in _OVER:
        return Closed("The vote is over.")
    if moment.phase != "voting" or moment.opens_at is None or moment.closes_at is None or now < moment.opens_at:
        return NotOpen("The vote has not begun.")
    return Paused("The vote is paused.") if moment.paused else None


def grace_is_over(moment: Moment, grace: timedelta, since: datetime | None, now: datetime) -> bool:
    """Whether it is too late for somebody who was identified at that time, in a round that has an end."""
    assert moment.closes_at is not None  # noqa: S101 - asked before
    if now < moment.closes_at:
        return False
    return now >= moment.closes_at + grace or since is None or since >= moment.closes_at


async def _keep_points(
    session: AsyncSession, log_id: UUID, taken: Sequence[_Item], refused: dict[_Item, CastRefused]
) -> list[_Item]:
    """Keep the points of the envelopes, and refuse those that repeat one (docs/protocol.md section 6, d)."""
    seen: set[bytes] = set()
    fresh: list[_Item] = []
    repeated = Repeated("This envelope repeats a part of another one.")
    for item in taken:
        if len(set(item.points)) < len(item.points) or not seen.isdisjoint(item.points):
            refused[item] = repeated
        else:
            seen.update(item.points)
            fresh.append(item)
    if not fresh:
        return []
    new = await repository.add_points(session, log_id, seen)
    if new == seen:
        return fresh
    kept = [item for item in fresh if new.issuperset(item.points)]
    refused |= {item: repeated for item in fresh if not new.issuperset(item.points)}
    await repository.drop_points(session, log_id, new - {point for item in kept for point in item.points})
    return kept


async def _store(session: AsyncSession, log_id: UUID, taken: Sequence[_Item], now: datetime) -> None:
    if not taken:
        return
    people = {item.actor.account_id: item.envelope.place.contest for item in taken if item.actor.account_id}
    made = await repository.accounts_made(session, people)
    await repository.note_casts(session, log_id, people.items(), now, apart=NOTICES_APART)
    leaves = [merkle.leaf_hash(item.body) for item in taken]
    bodies = [(item.body, leaf) for item, leaf in zip(taken, leaves, strict=True)]
    numbers = await record.add_entries(session, log_id, bodies)
    rows = []
    for item, leaf in zip(taken, leaves, strict=True):
        item.entry_id = numbers[leaf]
        rows.append(
            {
                "entry_id": item.entry_id,
                "log_id": log_id,
                "grp": item.group,
                "alias": item.envelope.place.alias,
                "seal_hash": item.seal,
                "cls": item.cls,
                "rank": RANKS[item.cls],
                "contest": item.envelope.place.contest,
                "at": now,
                "address_key": item.address_key,
                "account_days": _days(made, item.actor.account_id, now),
            }
        )
    await repository.add_envelopes(session, rows)
    signed_in = [(item.entry_id, item.signed.evidence) for item in taken if item.signed and item.signed.evidence]
    await repository.add_evidence(session, signed_in)


def _days(made: Mapping[UUID, datetime], account_id: UUID | None, now: datetime) -> int | None:
    """How many days old an account is, as far as it matters."""
    born = made.get(account_id) if account_id else None
    return None if born is None else min(OLD_ACCOUNT, (now - born).days)


def receipts(tiles: TileStore, slug: str, note: bytes, wanted: Sequence[tuple[bytes, int]]) -> list[str]:
    """Return the receipts of entries, given with their indices, under a published checkpoint that holds them."""
    if not wanted:
        return []
    size = checkpoint.parse(note).size

    @cache
    def read(tile: Tile) -> bytes:
        return tiles.read_tile(slug, tile) or b""

    node = cache(TileTree(size, read).node)
    return [
        Receipt(body, index, tuple(merkle.prove_inclusion(node, index, size)), note).text() for body, index in wanted
    ]


def _entry(envelope: Envelope, cls: str, voucher: Ed25519PrivateKey, signed: Signed | None) -> bytes:
    """Return the entry of an envelope, its proof checked. Raises EnvelopeError, BadEnvelope."""
    check(envelope)
    if signed:
        return signed.entry(envelope.place.eid, fields_of(envelope, cls))
    return entries.signed_entry("env", envelope.place.eid, fields_of(envelope, cls), {"vouch": voucher})


def fields_of(envelope: Envelope, cls: str) -> Mapping[str, Any]:
    """Return the fields of an envelope's entry, without kind and signatures."""
    return {
        "d": envelope.place.contest,
        "a": b64u(envelope.place.alias),
        "b": envelope.place.base,
        "ct": [[b64u(a), b64u(b)] for a, b in envelope.pairs],
        "pf": [b64u(part) for part in envelope.proof],
        "y": cls,
    }


def address_key_of(polling: Polling, keys: KeyFolder, address: str) -> bytes:
    """What is kept of a network address: whether two are the same can be told from it, and in this round alone."""
    return hmac.digest(roll_key(keys, polling.round_id), b"pb/address/" + address.encode(), "sha256")[:16]


def _lock(log_id: UUID, group: str, alias: bytes) -> int:
    """The number of a lock: 64 bits, with a sign. Two aliases that share one by chance only wait for each other."""
    digest = hashlib.sha256(b"pb/alias-lock" + log_id.bytes + alias + group.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _fail(item: _Item, error: BaseException) -> None:
    with suppress(asyncio.InvalidStateError):
        item.outcome.set_exception(error)
