"""Who may vote: the only way in which other stages learn an alias.

In an open group everybody with an account has a standing; its alias is made from the account's id and the round's roll
key, so the same person has the same one each time, and nobody without the key can tell whose it is.
"""

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.voting.aliases import alias_of, keyed_pseudonym, person_id
from pb_service.core.voting.groups import groups_of
from pb_service.features.accounts.policy import Actor, SignInNeeded
from pb_service.features.rounds.tables import Contest, Round
from pb_service.platform.keys import KeyFolder


@dataclass(frozen=True)
class Standing:
    """That a person may vote in a group of contests, under which alias, and how surely we know who it is."""

    group: str
    alias: bytes
    cls: str


async def standings(session: AsyncSession, found: Round, actor: Actor, *, keys: KeyFolder) -> list[Standing]:
    """Return where a person may vote in a round, in the order of its groups. Raises SignInNeeded."""
    contests = select(Contest.key).where(Contest.round_id == found.id).order_by(Contest.position)
    return standings_in(found.id, groups_of(await session.scalars(contests)), actor, keys=keys)


def standings_in(round_id: UUID, groups: dict[str, list[str]], actor: Actor, *, keys: KeyFolder) -> list[Standing]:
    """As `standings`, where the groups of the round are at hand."""
    if actor.account_id is None:
        raise SignInNeeded("Sign in first.")
    key, pid = roll_key(keys, round_id), person_id(str(actor.account_id))
    pseudonym = keyed_pseudonym(key, pid)
    return [Standing(group, alias_of(key, pseudonym, pid, group), "acct") for group in groups]


@lru_cache(maxsize=100)
def roll_key(keys: KeyFolder, round_id: UUID) -> bytes:
    """Return the secret behind a round's aliases. It never changes: another one would give everybody a second ballot.

    Half of the random part of the round's id names its file, which is read once.
    """
    return keys.secret(f"roll-{round_id.hex[12:]}")
