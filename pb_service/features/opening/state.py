"""The state of a vote as its record tells it, and the only way to add a step to it: what the state does not take is
never appended.

Who adds a step holds the lock of the log until the transaction ends, so that nothing comes between looking and adding.
"""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical
from pb_service.core.sealing.election import Election, Sources
from pb_service.core.sealing.manifest import Manifest
from pb_service.features.record import service as record
from pb_service.features.roll.fixing import roll_file

_NAMES_FILES = frozenset({"setup", "manifest"})


class VoteState:
    """The state of one log. After an error in the transaction that added to it, it is of no use any more."""

    def __init__(self, log_id: UUID) -> None:
        self.log_id = log_id
        self._files: dict[bytes, bytes] = {}
        self._rolls: dict[str, bytes] = {}
        self.election = Election(Sources(self._files.__getitem__, self._rolls.__getitem__))

    @property
    def files(self) -> Mapping[bytes, bytes]:
        """The files that setups and manifests of the record are, by SHA-256."""
        return self._files

    @property
    def rolls(self) -> Mapping[str, bytes]:
        """The rolls of the manifest's groups, by group."""
        return self._rolls

    async def catch_up(self, session: AsyncSession) -> Election:
        """Take what has got an index since the last look."""
        return await self._take(session, await record.entries_from(session, self.log_id, self.election.size))

    async def hold(self, session: AsyncSession) -> Election:
        """Take everything there is, and keep others from adding to it until the transaction ends."""
        await record.next_index(session, self.log_id)
        return await self._take(
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

    async def _take(self, session: AsyncSession, bodies: Sequence[bytes]) -> Election:
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
                        await self._gather_rolls(session, Manifest.read(file))

    async def _gather_rolls(self, session: AsyncSession, manifest: Manifest) -> None:
        for group in manifest.groups.values():
            if group.roll is not None:
                self._rolls[group.id] = await roll_file(session, group.roll)


def _replay(election: Election, bodies: Sequence[bytes]) -> None:
    for body in bodies:
        election.append(body, proofs=False)  # what stands in the record was checked at the door


async def state_of(session: AsyncSession, log_id: UUID, *, hold: bool = False) -> VoteState:
    """Return the state of a log as it stands; with ``hold`` ready to be added to."""
    state = VoteState(log_id)
    await state.catch_up(session)  # before the lock: a long record is read while others go on casting
    if hold:
        await state.hold(session)
    return state
