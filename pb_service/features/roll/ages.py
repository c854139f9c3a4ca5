"""How many of some people were born in which year, as far as rolls and accounts say; of nobody singly.

Of a group with a roll the roll says it, of an open one the identity that a provider has proven for the account. Whose
alias belongs to which account is worked out here, in memory, for the count alone; it is written nowhere.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.voting.aliases import alias_of, keyed_pseudonym, person_id
from pb_service.features.roll import repository
from pb_service.features.roll.standing import entitlement, roll_key
from pb_service.features.rounds.tables import Round
from pb_service.platform.keys import KeyFolder


async def years_of_birth(
    session: AsyncSession, found: Round, people: Iterable[tuple[str, bytes]], *, keys: KeyFolder
) -> Counter[int | None]:
    """Return how many of these (group, alias) were born in which year; None: that is not known.

    Nothing is known any more once the round's roll is erased.
    """
    aliases: dict[str, set[bytes]] = {}
    for group, alias in people:
        aliases.setdefault(group, set()).add(alias)
    years = Counter[int | None]()
    if not await repository.is_erased(session, found.id):
        groups = {group.id: group for group in (await entitlement(session, found)).groups}
        rolled = [name for name in aliases if name in groups and groups[name].rolled]
        for name in rolled:
            years += await repository.birth_years_of(session, found.id, name, aliases[name])
        open_ones = {name: those for name, those in aliases.items() if name not in rolled}
        if open_ones and (accounts := await repository.birth_years_of_accounts(session)):
            years += await asyncio.to_thread(_of_accounts, accounts, open_ones, roll_key(keys, found.id))
    years[None] += sum(map(len, aliases.values())) - years.total()
    return +years


def _of_accounts(
    accounts: Sequence[tuple[UUID, int | None]], aliases: Mapping[str, Collection[bytes]], key: bytes
) -> Counter[int | None]:
    """Count in open groups. Blocking: an alias is made of each account."""
    years = Counter[int | None]()
    for account_id, year in accounts:
        pid = person_id(str(account_id))
        pseudonym = keyed_pseudonym(key, pid)
        years[year] += sum(alias_of(key, pseudonym, pid, group) in those for group, those in aliases.items())
    return years
