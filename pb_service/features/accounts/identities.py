"""From a proven identity to an account: the same person comes back to the same account, whatever road they take.

A pseudonym cannot be computed anew without the person id, which is not kept. So after a rotation of its key, whoever
comes back is looked for under each key that is left, and gets the pseudonym of the newest one at that moment.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import identity_repository as repository
from pb_service.features.accounts.drivers import Identity
from pb_service.features.accounts.identity_errors import SigninFailed
from pb_service.features.accounts.identity_tables import ProvenIdentity
from pb_service.platform.keys import Secret
from pb_service.web.locales import Language


async def recognise(
    session: AsyncSession,
    identity: Identity,
    *,
    driver: str,
    keys: Sequence[Secret],
    language: Language,
    now: datetime,
) -> UUID:
    """Return the account of a person, made if they come for the first time, with what is known of them now.

    ``keys``: those of pseudonyms, newest first. Of the birth date the year alone is kept, and never the person id
    (drivers.py). Raises SigninFailed when the account is blocked.
    """
    pseudonyms = [identity.pseudonym(secret.key) for secret in keys]
    await repository.lock_pseudonyms(session, pseudonyms)
    account = await repository.account_of_pseudonyms(session, pseudonyms)
    if account is None:
        account = await repository.add_account(session, language, now)
    if account.blocked_at is not None:
        raise SigninFailed("blocked", "the account is blocked")
    await repository.put_identity(
        session,
        ProvenIdentity(
            pseudonym=pseudonyms[0],
            key_id=keys[0].id,
            account_id=account.id,
            driver=driver,
            assurance=identity.assurance,
            birth_year=identity.birth_date.year if identity.birth_date else None,
            municipality=identity.municipality,
            postal_code=identity.postal_code,
            proven_at=now,
        ),
    )
    await repository.drop_pseudonyms(session, pseudonyms[1:])
    account.last_seen_at, account.idle_notice_at = now, None
    await session.flush()
    return account.id
