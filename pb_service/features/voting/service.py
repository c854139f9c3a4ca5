"""What the booth asks: the ballots of a round, where somebody may vote and what stands, and one's own voting record."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import checkpoint
from pb_service.core.rounds.fingerprint import crockford
from pb_service.core.sealing.election import RANKS
from pb_service.features.accounts.policy import Actor
from pb_service.features.record.store import TileStore
from pb_service.features.roll.standing import Standing
from pb_service.features.voting import repository
from pb_service.features.voting.casting import receipts
from pb_service.features.voting.passes import Pass
from pb_service.features.voting.polling import Polling
from pb_service.platform.keys import KeyFolder


@dataclass(frozen=True)
class Stands:
    """What counts in a name as the record stands: nothing, an envelope of some rank, or a paper ballot."""

    kind: Literal["none", "envelope", "paper"]
    contest: str = ""
    index: int = 0
    code: str = ""
    at: datetime | None = None
    rank: int = 0


@dataclass(frozen=True)
class Place:
    """Where somebody may vote: the contests among which there is one ballot, and what stands already.

    ``base`` is the size of the record now, to seal by.
    """

    standing: Standing
    contests: tuple[str, ...]
    base: int
    stands: Stands

    @property
    def outranked(self) -> bool:
        """Whether an envelope stands that was cast with a stronger proof of identity: another one is refused."""
        return self.stands.rank > RANKS[self.standing.cls]


@dataclass(frozen=True)
class OwnEntry:
    """An entry of the record in somebody's name. ``counts``: as the record stands, this is the one that counts."""

    kind: Literal["env", "paper"]
    group: str
    contest: str
    index: int
    at: datetime
    seal: bytes
    struck_at: datetime | None
    counts: bool
    receipt: str

    @property
    def code(self) -> str:
        return crockford(self.seal[:10]) if self.seal else ""


async def standings(
    session: AsyncSession, polling: Polling, actor: Actor, identified: Pass | None, *, keys: KeyFolder
) -> list[Standing]:
    """Return where somebody may vote: by her pass, and in other groups by her account. Raises SignInNeeded.

    A pass of a desk is alone: whose account the device is signed in to may be the officer's.
    """
    if identified is None:
        return await polling.standings(session, actor, keys)
    if identified.cls == "desk":
        return list(identified.standings)
    found = {one.group: one for one in identified.standings}
    if actor.account_id is not None:
        found = {one.group: one for one in await polling.standings(session, actor, keys)} | found
    return [found[group] for group in polling.groups if group in found]


async def places(
    session: AsyncSession, polling: Polling, actor: Actor, identified: Pass | None = None, *, keys: KeyFolder
) -> list[Place]:
    """Return where somebody may vote, in the order of the groups. Raises SignInNeeded."""
    found = []
    moment = await repository.moment(session, polling.log_id)
    for standing in await standings(session, polling, actor, identified, keys=keys):
        stands = await stands_in(session, polling, standing)
        found.append(Place(standing, tuple(polling.groups[standing.group]), moment.size, stands))
    return found


async def own_entries(
    session: AsyncSession,
    polling: Polling,
    actor: Actor,
    identified: Pass | None = None,
    *,
    keys: KeyFolder,
    tiles: TileStore,
) -> list[OwnEntry]:
    """Return every entry of the published record in somebody's name, oldest first, each with its receipt.

    Raises SignInNeeded.
    """
    mine = await standings(session, polling, actor, identified, keys=keys)
    names = [(standing.group, standing.alias) for standing in mine]
    note = await asyncio.to_thread(tiles.read_checkpoint, polling.slug)
    size = checkpoint.parse(note).size if note else 0
    envelopes = await repository.envelopes_of(session, polling.log_id, names)
    papers = await repository.papers_of(session, polling.log_id, names)
    on_paper = {(row.group, row.alias) for row, _ in papers if row.struck_at is None}
    counting = {}
    for name in set(names) - on_paper:
        counts = _counting([found for found in envelopes if (found.group, found.alias) == name])
        counting[name] = counts.entry_id if counts else None
    bodies = await repository.bodies_of(
        session, [found.entry_id for found in envelopes] + [row.entry_id for row, _ in papers]
    )
    shown = {number: (index, body) for number, (index, body) in bodies.items() if index is not None and index < size}
    wanted = [(body, index) for index, body in shown.values()]
    texts = await asyncio.to_thread(receipts, tiles, polling.slug, note or b"", wanted)
    receipt = dict(zip(shown, texts, strict=True))
    found = [
        OwnEntry(
            kind="env",
            group=row.group,
            contest=row.contest,
            index=shown[row.entry_id][0],
            at=row.at,
            seal=row.seal_hash,
            struck_at=row.struck_at,
            counts=counting.get((row.group, row.alias)) == row.entry_id,
            receipt=receipt[row.entry_id],
        )
        for row in envelopes
        if row.entry_id in shown
    ]
    found += [
        OwnEntry(
            kind="paper",
            group=row.group,
            contest=row.contest,
            index=shown[row.entry_id][0],
            at=row.at,
            seal=b"",
            struck_at=row.struck_at,
            counts=row.struck_at is None,
            receipt=receipt[row.entry_id],
        )
        for row, _ in papers
        if row.entry_id in shown
    ]
    return sorted(found, key=lambda each: each.index)


async def receipt_at(
    session: AsyncSession, polling: Polling, entry_id: int, index: int, *, tiles: TileStore
) -> str | None:
    """Return the receipt of an entry under the newest published checkpoint; None while that does not hold it."""
    note = await asyncio.to_thread(tiles.read_checkpoint, polling.slug)
    if note is None or checkpoint.parse(note).size <= index:
        return None
    body = (await repository.bodies_of(session, [entry_id]))[entry_id][1]
    [text] = await asyncio.to_thread(receipts, tiles, polling.slug, note, [(body, index)])
    return text


async def stands_in(session: AsyncSession, polling: Polling, standing: Standing) -> Stands:
    """Return what counts in a name as the record stands; paper goes before every envelope."""
    name = (standing.group, standing.alias)
    for paper, index in await repository.papers_of(session, polling.log_id, [name]):
        if paper.struck_at is None:
            return Stands("paper", paper.contest, index or 0, at=paper.at)
    counts = _counting(await repository.envelopes_of(session, polling.log_id, [name]))
    if counts is None or counts.index is None:
        return Stands("none")
    return Stands("envelope", counts.contest, counts.index, crockford(counts.seal_hash[:10]), counts.at, counts.rank)


def _counting(envelopes: list[repository.Standing]) -> repository.Standing | None:
    """The envelope that counts of those with a place in the record: highest rank, then newest (protocol, section 7)."""
    left = [(found.rank, found.index, found) for found in envelopes if not found.is_struck and found.index is not None]
    return max(left, key=lambda each: each[:2])[2] if left else None
