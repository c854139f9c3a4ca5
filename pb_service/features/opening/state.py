"""The state of a vote as its record tells it, and the only way to add a step to it: what the state does not take is
never appended.

Who adds a step holds the lock of the log until the transaction ends, so that nothing comes between looking and adding.

A record of half a million entries takes a minute to read, so a process keeps the state after what has an index, which
never changes again, and goes on from there. What is kept is given to all who only read, and is never added to.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical
from pb_service.core.sealing.election import Election, Sources
from pb_service.core.sealing.manifest import Manifest
from pb_service.features.opening.errors import NoSealedVote
from pb_service.features.record import service as record
from pb_service.features.roll.fixing import roll_file

_NAMES_FILES = frozenset({"setup", "manifest"})


class VoteState:
    """The state of one log. After an error in the transaction that added to it, it is of no use any more."""

    def __init__(self, log_id: UUID, earlier: "VoteState | None" = None) -> None:
        self.log_id = log_id
        self._files: dict[bytes, bytes] = dict(earlier._files) if earlier else {}
        self._rolls: dict[str, bytes] = dict(earlier._rolls) if earlier else {}
        sources = Sources(self._files.__getitem__, self._rolls.__getitem__)
        self.election: Election = earlier.election.fork(sources) if earlier else Election(sources)

    @property
    def files(self) -> Mapping[bytes, bytes]:
        """The files that setups and manifests of the record are, by SHA-256."""
        return self._files

    @property
    def rolls(self) -> Mapping[str, bytes]:
        """The rolls of the manifest's groups, by group."""
        return self._rolls

    async def hold(self, session: AsyncSession) -> Election:
        """Take everything there is, and keep others from adding to it until the transaction ends."""
        await record.next_index(session, self.log_id)
        return await self.take(
            session, await record.entries_from(session, self.log_id, self.election.size, waiting=True)
        )

    async def append(self, session: AsyncSession, *bodies: bytes) -> None:
        """Append steps after `hold`. Raises RecordError for one that may not stand there; nothing must be committed
        then.
        """
        for body in bodies:
            await self._gather(session, [body])
            self.election.append(body)
        await record.append(session, self.log_id, *bodies)

    async def take(self, session: AsyncSession, bodies: Sequence[bytes]) -> Election:
        """Take entries that come next."""
        if bodies:
            await self._gather(session, bodies)
            await asyncio.to_thread(_replay, self.election, bodies)
        return self.election

    async def _gather(self, session: AsyncSession, bodies: Sequence[bytes]) -> None:
        """Have the files at hand that setups and manifests name."""
        for body in bodies:
            if b'"k":"setup"' in body or b'"k":"manifest"' in body:
                fields = canonical.decode(body)
                if fields.get("k") in _NAMES_FILES:
                    sha256 = canonical.unb64u(fields["f"], 32)
                    self._files[sha256] = file = await record.get_file(session, sha256)
                    if fields["k"] == "manifest":
                        await self._gather_rolls(session, _sealed(file))

    async def _gather_rolls(self, session: AsyncSession, manifest: Manifest) -> None:
        for group in manifest.groups.values():
            if group.roll is not None:
                self._rolls[group.id] = await roll_file(session, group.roll)


def _sealed(manifest: bytes) -> Manifest:
    """Read the manifest of a sealed vote. Raises NoSealedVote for one whose ballots are in clear."""
    if canonical.decode(manifest).get("mode") == "open":
        raise NoSealedVote("The ballots of this round are in clear: nothing was sealed.")
    return Manifest.read(manifest)


def _replay(election: Election, bodies: Sequence[bytes]) -> None:
    for body in bodies:
        election.append(body, proofs=False)  # what stands in the record was checked at the door


#: The states of logs after what had an index, newest use last. What is in here is never added to.
_kept: OrderedDict[UUID, VoteState] = OrderedDict()
_MOST_KEPT = 4
_catching_up: dict[UUID, asyncio.Lock] = {}


async def state_of(session: AsyncSession, log_id: UUID, *, hold: bool = False) -> VoteState:
    """Return the state of a log as it stands, to be read; with ``hold`` ready to be added to."""
    kept = await _kept_state(session, log_id)  # before the lock: a long record is read while others go on casting
    if not hold:
        return kept
    state = VoteState(log_id, kept)
    await state.hold(session)
    return state


async def own_state(session: AsyncSession, log_id: UUID) -> VoteState:
    """Return the state of a log as it stands, for one who goes on with it and takes its steps alone."""
    return VoteState(log_id, await _kept_state(session, log_id))


async def _kept_state(session: AsyncSession, log_id: UUID) -> VoteState:
    """The state after everything that has an index; however many ask for it at once, one of them reads it."""
    lock = _catching_up.setdefault(log_id, asyncio.Lock())
    try:
        async with lock:
            kept = _kept.get(log_id)
            bodies = await record.entries_from(session, log_id, kept.election.size if kept else 0)
            if kept is None or bodies:
                kept = VoteState(log_id, kept)
                await kept.take(session, bodies)
                _kept[log_id] = kept
            _kept.move_to_end(log_id)
            while len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
            return kept
    finally:
        if not lock.locked():
            _catching_up.pop(log_id, None)
