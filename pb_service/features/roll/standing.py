"""Who may vote: the only way in which other stages learn an alias.

In an open group everybody with an account has a standing, where the set-up asks for it after a declaration; its alias
is made from the account's id and the round's roll key, so the same person has the same one each time, and nobody
without the key can tell whose it is. In a group with a roll only who is on it has one: an account that a provider has
proven to be a person of the roll (class ``idt``), or whom an officer at a desk finds by the number on an identity
document (class ``desk``). The alias stands on the roll; the number is not kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.voting.aliases import alias_of, keyed_pseudonym, person_id, person_of, roll_pseudonym
from pb_service.core.voting.groups import Group, groups_in, planned
from pb_service.features.accounts.policy import Actor, SignInNeeded
from pb_service.features.roll import repository
from pb_service.features.roll.tables import RollRecord
from pb_service.features.rounds.setups import setup_of
from pb_service.features.rounds.tables import Round
from pb_service.platform.keys import KeyFolder

#: The secret by which accounts and rolls know people. It never changes: nobody could be found on a roll with another.
PERSON_KEY = "person"


@dataclass(frozen=True)
class Standing:
    """That a person may vote in a group of contests, under which alias, and how surely we know who it is.

    ``code_key``: the public key of the person's code letter, on a roll alone. ``district``: as the roll says.
    """

    group: str
    alias: bytes
    cls: str
    code_key: bytes | None = field(default=None, repr=False)
    district: str | None = None


@dataclass(frozen=True)
class Entitlement:
    """How a round finds out who may vote: its groups, and whether open ones ask for a declaration first."""

    round_id: UUID
    groups: tuple[Group, ...]
    declaration: bool = False

    @property
    def asks_nothing(self) -> bool:
        """Whether an account is enough in every group."""
        return not self.declaration and not any(group.rolled for group in self.groups)


async def entitlement(session: AsyncSession, found: Round) -> Entitlement:
    """Return how a round finds out who may vote; nothing of it changes once its manifest is fixed.

    While there is no ballot list the contests are those that the set-up plans.
    """
    setup = await setup_of(session, found)
    groups = groups_in(setup, await repository.contests_of(session, found.id) or planned(setup))
    return Entitlement(found.id, tuple(groups), setup.eligibility.declaration)


async def standings(session: AsyncSession, found: Round, actor: Actor, *, keys: KeyFolder) -> list[Standing]:
    """Return where a person may vote in a round, in the order of its groups. Raises SignInNeeded."""
    return await standings_in(session, await entitlement(session, found), actor, keys=keys)


async def standings_in(session: AsyncSession, rule: Entitlement, actor: Actor, *, keys: KeyFolder) -> list[Standing]:
    """As `standings`, where the groups of the round are at hand."""
    if actor.account_id is None:
        raise SignInNeeded("Sign in first.")
    if await repository.is_erased(session, rule.round_id):
        return []  # and no key is made anew
    if rule.asks_nothing:
        return open_standings(rule, actor, keys=keys)
    declared = not rule.declaration or await repository.has_declared(session, rule.round_id, actor.account_id)
    given = {each.group: each for each in open_standings(rule, actor, keys=keys)} if declared else {}
    if any(group.rolled for group in rule.groups):
        persons = await repository.persons_of(session, actor.account_id)
        given |= await _rolled(session, rule.round_id, persons, "idt", keys=keys)
    return [given[group.id] for group in rule.groups if group.id in given]


def open_standings(rule: Entitlement, actor: Actor, *, keys: KeyFolder) -> list[Standing]:
    """Return the standings of an account in the groups without a roll. Raises SignInNeeded."""
    if actor.account_id is None:
        raise SignInNeeded("Sign in first.")
    key, pid = roll_key(keys, rule.round_id), person_id(str(actor.account_id))
    pseudonym = keyed_pseudonym(key, pid)
    return [
        Standing(group.id, alias_of(key, pseudonym, pid, group.id), "acct") for group in rule.groups if not group.rolled
    ]


async def find_on_roll(
    session: AsyncSession, round_id: UUID, rule: Entitlement, identifier: str, *, keys: KeyFolder
) -> list[Standing]:
    """Return where the person with that number may vote at a desk, by the roll alone; an empty list: not on it.

    ``identifier`` as the roll was imported with, such as a Finnish personal identity code; it is kept nowhere.
    """
    scheme = await repository.scheme_of(session, round_id)
    if scheme is None:
        return []
    person = person_of(keys.secret(PERSON_KEY), scheme, person_id(identifier))
    given = await _rolled(session, round_id, [person], "desk", keys=keys)
    return [given[group.id] for group in rule.groups if group.rolled and group.id in given]


async def find_identified(
    session: AsyncSession, found: Round, scheme: str, identifier: str, *, keys: KeyFolder
) -> list[Standing]:
    """Return where the person may vote whom a provider has just proven, by the roll alone; an empty list: not on it."""
    if await repository.scheme_of(session, found.id) != scheme:
        return []
    person = person_of(keys.secret(PERSON_KEY), scheme, person_id(identifier))
    return list((await _rolled(session, found.id, [person], "idt", keys=keys)).values())


async def _rolled(
    session: AsyncSession, round_id: UUID, persons: Iterable[bytes], cls: str, *, keys: KeyFolder
) -> dict[str, Standing]:
    key = roll_key(keys, round_id)
    rows = await repository.records_of(session, round_id, [roll_pseudonym(key, person) for person in persons])
    return {row.group: _standing(row, cls) for row in rows}


def _standing(row: RollRecord, cls: str) -> Standing:
    return Standing(row.group, row.alias, cls, row.code_key, row.district)


@lru_cache(maxsize=100)
def roll_key(keys: KeyFolder, round_id: UUID) -> bytes:
    """Return the secret behind a round's aliases. It never changes: another one would give everybody a second ballot.

    Half of the random part of the round's id names its file, which is read once.
    """
    return keys.secret(roll_key_name(round_id))


def roll_key_name(round_id: UUID) -> str:
    """Return under which name the key folder has a round's roll key."""
    return f"roll-{round_id.hex[12:]}"
