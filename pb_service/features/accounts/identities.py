"""From a proven identity to an account: the same person comes back to the same account, whatever road they take.

A pseudonym cannot be computed anew without the person id, which is not kept. So after a rotation of its key, whoever
comes back is looked for under each key that is left, and gets the pseudonym of the newest one at that moment.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import access_log, service, sessions
from pb_service.features.accounts import identity_repository as repository
from pb_service.features.accounts.drivers import Identity
from pb_service.features.accounts.identity_errors import IdentityRefused, SigninFailed
from pb_service.features.accounts.identity_tables import ProvenIdentity
from pb_service.features.accounts.policy import Actor
from pb_service.features.accounts.sessions import Visitor
from pb_service.features.accounts.tables import Account
from pb_service.platform.keys import Secret
from pb_service.web.locales import Language


async def recognise(
    session: AsyncSession,
    identity: Identity,
    *,
    driver: str,
    keys: Sequence[Secret],
    person_key: bytes | None = None,
    language: Language,
    now: datetime,
) -> UUID:
    """Return the account of a person, made if they come for the first time, with what is known of them now.

    ``keys``: those of pseudonyms, newest first. ``person_key``: that of rolls; without it no roll knows them. Of the
    birth date the year alone is kept, and never the person id (drivers.py). Raises SigninFailed when the account is
    blocked.
    """
    pseudonyms = [identity.pseudonym(secret.key) for secret in keys]
    await repository.lock_pseudonyms(session, pseudonyms)
    account = await repository.account_of_pseudonyms(session, pseudonyms)
    if account is None:
        account = await repository.add_account(session, language, now)
    if account.blocked_at is not None:
        raise SigninFailed("blocked", "the account is blocked")
    await _keep(session, account.id, identity, pseudonyms, driver=driver, keys=keys, person_key=person_key, now=now)
    account.last_seen_at, account.idle_notice_at = now, None
    await session.flush()
    return account.id


@dataclass(frozen=True)
class Joined:
    """An identity as its holder sees it; ``id`` names it on the page and tells nothing of the pseudonym."""

    id: str
    driver: str
    proven_at: datetime


async def joined(session: AsyncSession, account_id: UUID) -> list[Joined]:
    """Return the identities of an account, the one that was proven longest ago first."""
    found = await repository.identities_of(session, account_id)
    return [Joined(_name(each.pseudonym), each.driver, each.proven_at) for each in found]


async def join(
    session: AsyncSession,
    actor: Actor,
    identity: Identity,
    *,
    driver: str,
    schemes: Mapping[str, str],
    keys: Sequence[Secret],
    person_key: bytes | None = None,
    visitor: Visitor,
    now: datetime,
) -> None:
    """Join a proven identity to the actor's account, so that it is another way in; joined before, it is renewed.

    ``schemes``: whose numbers each driver's person ids are. The account is told by mail. Raises IdentityRefused: the
    identity is another account's, or the account is another person's (one scheme numbers a person once). SignInNeeded.
    """
    account = await _locked(session, actor)
    pseudonyms = [identity.pseudonym(secret.key) for secret in keys]
    await repository.lock_pseudonyms(session, pseudonyms)
    holder = await repository.account_of_pseudonyms(session, pseudonyms)
    if holder is not None and holder.id != account.id:
        raise IdentityRefused("taken")
    for held in await repository.identities_of(session, account.id):
        if held.pseudonym not in pseudonyms and schemes.get(held.driver) == identity.scheme:
            raise IdentityRefused("another-person")
    await _keep(session, account.id, identity, pseudonyms, driver=driver, keys=keys, person_key=person_key, now=now)
    await access_log.note(session, account.id, "identity.joined", driver, visitor=visitor, now=now)
    if holder is None:
        await service.tell(session, account, "identity_joined", now=now)


async def part(
    session: AsyncSession, actor: Actor, joined_id: str, *, drivers: Collection[str], visitor: Visitor, now: datetime
) -> None:
    """Take an identity from the actor's account; sessions elsewhere end, and the account is told by mail.

    ``drivers``: those in force; an identity of another one lets nobody in. Raises IdentityRefused when it is the last
    way in, or no identity of the account's.
    """
    account = await _locked(session, actor)
    held = await repository.identities_of(session, account.id)
    found = next((each for each in held if _name(each.pseudonym) == joined_id), None)
    if found is None:
        raise IdentityRefused("absent")
    if account.email is None and not any(each.driver in drivers for each in held if each is not found):
        raise IdentityRefused("last-way")
    await repository.drop_pseudonyms(session, [found.pseudonym])
    await sessions.end_all(session, account.id, but=actor.session_id)
    await access_log.note(session, account.id, "identity.parted", found.driver, visitor=visitor, now=now)
    await service.tell(session, account, "identity_parted", now=now)


async def _locked(session: AsyncSession, actor: Actor) -> Account:
    """The actor's account, held: of two who take the last two ways at once, one is refused."""
    account = await service.own_account(session, actor)
    await session.refresh(account, with_for_update={"key_share": True})
    return account


async def _keep(
    session: AsyncSession,
    account_id: UUID,
    identity: Identity,
    pseudonyms: Sequence[bytes],
    *,
    driver: str,
    keys: Sequence[Secret],
    person_key: bytes | None,
    now: datetime,
) -> None:
    """Keep what is known of a person now, under the newest key alone."""
    await repository.put_identity(
        session,
        ProvenIdentity(
            pseudonym=pseudonyms[0],
            key_id=keys[0].id,
            person=identity.person(person_key) if person_key else None,
            account_id=account_id,
            driver=driver,
            assurance=identity.assurance,
            birth_year=identity.birth_date.year if identity.birth_date else None,
            municipality=identity.municipality,
            postal_code=identity.postal_code,
            proven_at=now,
        ),
    )
    await repository.drop_pseudonyms(session, pseudonyms[1:])


def _name(pseudonym: bytes) -> str:
    return hashlib.sha256(b"pb/joined" + pseudonym).hexdigest()[:32]
