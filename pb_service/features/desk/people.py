"""Looking up a person at the desk: from what stands in an identity document to the aliases of the vote.

Nothing of what is typed is kept. Groups without a roll know a person by the account; whoever has none is entered by
name and day of birth, as the document has them, and gets the same aliases whenever that is typed again.
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
from pb_service.features.roll.standing import roll_key
from pb_service.features.voting.polling import Polling
from pb_service.platform.keys import KeyFolder


@dataclass(frozen=True)
class Typed:
    """What an officer typed: the e-mail address of an account, or name and day of birth of who has none."""

    email: str = ""
    name: str = ""
    born: date | None = None


@dataclass(frozen=True)
class Person:
    """Somebody who may vote here: an alias for each group. ``has_account``: votes online are in the same name."""

    aliases: Mapping[str, bytes]
    has_account: bool


async def find_person(session: AsyncSession, polling: Polling, typed: Typed, *, keys: KeyFolder) -> Person | None:
    """Return whom the officers have before them, or None if nobody is known by this or too little was typed."""
    if typed.email:
        try:
            account = await account_by_email_key(session, email_key(typed.email))
        except EmailRefused:
            return None
        if account is None:
            return None
        standings = await polling.standings(session, Actor(account_id=account.id), keys)
        return Person({standing.group: standing.alias for standing in standings}, has_account=True)
    name = re.sub(r"\s+", " ", typed.name).strip()
    if not name or typed.born is None:
        return None
    key, pid = roll_key(keys, polling.round_id), person_id(f"{typed.born.isoformat()} {name}")
    pseudonym = keyed_pseudonym(key, pid)
    return Person({group: alias_of(key, pseudonym, pid, group) for group in polling.groups}, has_account=False)
