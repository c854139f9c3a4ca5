"""Looking up a person at the desk: from what stands in an identity document to the aliases of the vote.

Nothing of what is typed is kept. On a roll a person is found by the number that it has. Groups without one know a
person by the account; whoever has none is entered by name and day of birth, as the document has them, and gets the same
aliases whenever that is typed again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.voting.aliases import alias_of, keyed_pseudonym, person_id
from pb_service.features.accounts.emails import EmailRefused, email_key
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.repository import account_by_email_key
from pb_service.features.roll.standing import find_on_roll, open_standings, roll_key
from pb_service.features.voting.polling import Polling
from pb_service.platform.keys import KeyFolder


@dataclass(frozen=True)
class Typed:
    """What an officer typed: the number on the roll, the address of an account, or name and day of birth of who has
    none."""

    email: str = ""
    name: str = ""
    born: date | None = None
    number: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody who may vote here: an alias for each group. ``is_one``: votes online are in the same names."""

    aliases: Mapping[str, bytes]
    is_one: bool


async def find_person(session: AsyncSession, polling: Polling, typed: Typed, *, keys: KeyFolder) -> Person | None:
    """Return whom the officers have before them, or None if nobody is known by this or too little was typed."""
    if typed.number:
        listed = await find_on_roll(session, polling.round_id, polling.rule, typed.number, keys=keys)
        return Person({standing.group: standing.alias for standing in listed}, is_one=True) if listed else None
    if typed.email:
        try:
            account = await account_by_email_key(session, email_key(typed.email))
        except EmailRefused:
            return None
        if account is None:
            return None
        actor = Actor(account_id=account.id)
        # the officers see the document: nobody need have declared anything
        given = [*open_standings(polling.rule, actor, keys=keys), *await polling.standings(session, actor, keys)]
        return Person({standing.group: standing.alias for standing in given}, is_one=True) if given else None
    name = re.sub(r"\s+", " ", typed.name).strip()
    unlisted = [group for group in polling.groups if polling.manifest.groups[group].roll is None]
    if not name or typed.born is None or not unlisted:
        return None
    key, pid = roll_key(keys, polling.round_id), person_id(f"{typed.born.isoformat()} {name}")
    pseudonym = keyed_pseudonym(key, pid)
    return Person({group: alias_of(key, pseudonym, pid, group) for group in unlisted}, is_one=False)
