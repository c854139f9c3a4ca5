"""The vote of a round as the door and the booth know it: what cannot change once the manifest is confirmed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical
from pb_service.core.sealing.manifest import Manifest
from pb_service.features.accounts.policy import Actor
from pb_service.features.assessment.lists import published_list
from pb_service.features.opening.repository import opening_of
from pb_service.features.record import service as record
from pb_service.features.roll.standing import Entitlement, Standing, entitlement, open_standings, standings_in
from pb_service.features.rounds.finding import published_round
from pb_service.features.voting.errors import NotYours, NoVote
from pb_service.platform.db import Database
from pb_service.platform.keys import KeyFolder


@dataclass(frozen=True)
class Polling:
    """A vote that trustees have confirmed. ``ballot_list`` is the list as two people fixed it, texts in all languages.

    ``rule`` says how it is found out who may vote; ``groups``: the contests of each group, in the manifest's order.
    """

    slug: str
    round_id: UUID
    log_id: UUID
    manifest: Manifest
    ballot_list: Mapping[str, Any]
    rule: Entitlement
    groups: dict[str, list[str]]

    def asks_declaration(self, group: str) -> bool:
        """Whether nobody votes in this group without having declared to meet the rule."""
        return self.rule.declaration and self.manifest.groups[group].roll is None

    async def standings(self, session: AsyncSession, actor: Actor, keys: KeyFolder) -> list[Standing]:
        """Return where somebody may vote. Raises SignInNeeded."""
        return await standings_in(session, self.rule, actor, keys=keys)

    async def standing(
        self, database: Database, actor: Actor, keys: KeyFolder, *, group: str, alias: bytes
    ) -> Standing:
        """Return the standing that has this alias. Raises NotYours if it is not that of whoever is signed in.

        Where an account is enough the database is not asked.
        """
        if self.rule.asks_nothing:
            given = open_standings(self.rule, actor, keys=keys)
        else:
            async with database.reading() as session:
                given = await self.standings(session, actor, keys)
        for found in given:
            if found.group == group and found.alias == alias:
                return found
        raise NotYours("This envelope has another alias than yours.")


class Pollings:
    """The votes that this process has met, each read once: after the trustees' confirmation nothing in it changes."""

    def __init__(self) -> None:
        self._known: dict[str, Polling] = {}
        self._reading = asyncio.Lock()  # a crowd at the opening reads it once

    def known(self, slug: str) -> Polling | None:
        """Return the vote of a round if this process has met it."""
        return self._known.get(slug)

    async def find(self, session: AsyncSession, slug: str) -> Polling:
        """Return the vote of a published round. Raises RoundNotFound, NoVote."""
        async with self._reading:
            known = self.known(slug)
            if known is None:
                known = await _read(session, slug)
                self._known[slug] = known
        return known


async def _read(session: AsyncSession, slug: str) -> Polling:
    found = await published_round(session, slug, whole=False)
    opening, listed = await opening_of(session, found.id), await published_list(session, found)
    if found.manifest_sha256 is None or opening is None or opening.opened_at is None or listed is None:
        raise NoVote("There is no vote in this round yet.")
    manifest = Manifest.read(await record.get_file(session, found.manifest_sha256))
    groups: dict[str, list[str]] = {}
    for contest in manifest.contests.values():
        groups.setdefault(contest.group, []).append(contest.id)
    listed_body = canonical.decode(listed.body)
    return Polling(slug, found.id, found.log, manifest, listed_body, await entitlement(session, found), groups)
