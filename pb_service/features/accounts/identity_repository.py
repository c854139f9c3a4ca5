"""Every query on the tables of identity: proven identities, sign-ins under way, tokens, signing keys."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts.identity_tables import (
    ApiToken,
    KeyGrant,
    ProvenIdentity,
    SessionDriver,
    SigninAttempt,
    SigningKey,
)
from pb_service.features.accounts.policy import Role
from pb_service.features.accounts.tables import Account, AccountSession, RoleGrant
from pb_service.platform.db import uuid7

#: How often at most the time of a token's last use is written.
_USED_EVERY = timedelta(minutes=1)

# Identities


async def lock_pseudonyms(session: AsyncSession, pseudonyms: Sequence[bytes]) -> None:
    """Wait for any other transaction that is signing the same person in: two first sign-ins make one account."""
    for number in sorted(int.from_bytes(pseudonym[:8], "big", signed=True) for pseudonym in pseudonyms):
        await session.execute(select(func.pg_advisory_xact_lock(number)))


async def account_of_pseudonyms(session: AsyncSession, pseudonyms: Sequence[bytes]) -> Account | None:
    """Return the account of a person by their pseudonym under any key, the first that is known."""
    found = select(ProvenIdentity.pseudonym, Account).join(Account, ProvenIdentity.account_id == Account.id)
    rows = await session.execute(found.where(ProvenIdentity.pseudonym.in_(pseudonyms)))
    known = {row.pseudonym: row.Account for row in rows}
    return next((known[pseudonym] for pseudonym in pseudonyms if pseudonym in known), None)


async def drop_pseudonyms(session: AsyncSession, pseudonyms: Sequence[bytes]) -> None:
    await session.execute(delete(ProvenIdentity).where(ProvenIdentity.pseudonym.in_(pseudonyms)))


async def identity_key_ids(session: AsyncSession) -> Mapping[str | None, int]:
    """Return how many people are known by the pseudonyms of each key."""
    found = select(ProvenIdentity.key_id, func.count().label("people")).group_by(ProvenIdentity.key_id)
    return {row.key_id: row.people for row in await session.execute(found)}


async def add_account(session: AsyncSession, language: str, now: datetime) -> Account:
    """Make an account without address and password, for who came by another road."""
    account = Account(language=language, created_at=now, last_seen_at=now)
    session.add(account)
    await session.flush()
    return account


async def demonstration_account(
    session: AsyncSession, *, email: str, name: str, role: Role | None, now: datetime
) -> UUID:
    """Return the account of that address, made without a password and with the role for all rounds if it is new."""
    row = insert(Account).values(
        id=uuid7(),
        email=email,
        email_key=email,
        email_verified_at=now,
        language="fi",
        name=name,
        is_staff=role is not None,
        created_at=now,
        last_seen_at=now,
    )
    made = (await session.scalars(row.on_conflict_do_nothing().returning(Account.id))).one_or_none()
    if made is None:
        return (await session.scalars(select(Account.id).where(Account.email_key == email))).one()
    if role is not None:
        session.add(RoleGrant(account_id=made, role=role, granted_at=now))
        await session.flush()
    return made


async def put_identity(session: AsyncSession, identity: ProvenIdentity) -> None:
    """Keep an identity; what was kept of it before is replaced by what is known now."""
    await session.merge(identity)
    await session.flush()


async def identities_of(session: AsyncSession, account_id: UUID) -> Sequence[ProvenIdentity]:
    found = select(ProvenIdentity).where(ProvenIdentity.account_id == account_id)
    return (await session.scalars(found.order_by(ProvenIdentity.proven_at, ProvenIdentity.pseudonym))).all()


# Sign-ins under way


async def add_attempt(session: AsyncSession, attempt: SigninAttempt) -> None:
    session.add(attempt)
    await session.flush()


async def take_attempt(session: AsyncSession, state_sha256: bytes) -> SigninAttempt | None:
    """Take an attempt away and return it: of two that come back with the same state, one gets it."""
    taken = delete(SigninAttempt).where(SigninAttempt.state_sha256 == state_sha256).returning(SigninAttempt)
    return (await session.scalars(taken)).one_or_none()


async def delete_attempts(session: AsyncSession, before: datetime) -> None:
    """Delete the attempts that ended before that moment."""
    await session.execute(delete(SigninAttempt).where(SigninAttempt.expires_at < before))


async def put_session_driver(session: AsyncSession, token: str, driver: str) -> None:
    """Note by which provider the session with that secret began."""
    found = select(AccountSession.id, literal(driver)).where(
        AccountSession.token_sha256 == hashlib.sha256(token.encode()).digest()
    )
    await session.execute(insert(SessionDriver).from_select(["session_id", "driver"], found))


async def session_driver(session: AsyncSession, session_id: UUID) -> str | None:
    return await session.scalar(select(SessionDriver.driver).where(SessionDriver.session_id == session_id))


# Tokens of machines


async def add_token(session: AsyncSession, token: ApiToken) -> None:
    session.add(token)
    await session.flush()


async def token_by_id(session: AsyncSession, token_id: UUID) -> tuple[ApiToken, Account] | None:
    """Return a token and its owner."""
    found = await session.execute(
        select(ApiToken, Account).join(Account, Account.id == ApiToken.account_id).where(ApiToken.id == token_id)
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row else None


async def tokens(session: AsyncSession) -> Sequence[tuple[ApiToken, Account]]:
    """Return every token with its owner, newest first."""
    found = await session.execute(
        select(ApiToken, Account)
        .join(Account, Account.id == ApiToken.account_id)
        .order_by(ApiToken.created_at.desc(), ApiToken.id)
        .limit(500)
    )
    return [(token, account) for token, account in found]


async def tokens_of(session: AsyncSession, account_id: UUID) -> Sequence[ApiToken]:
    found = select(ApiToken).where(ApiToken.account_id == account_id)
    return (await session.scalars(found.order_by(ApiToken.created_at, ApiToken.id))).all()


async def note_use(session: AsyncSession, token_id: UUID, now: datetime) -> None:
    """Write when a token was last used, once a minute at most."""
    seldom = (ApiToken.used_at.is_(None)) | (ApiToken.used_at < now - _USED_EVERY)
    await session.execute(update(ApiToken).where(ApiToken.id == token_id, seldom).values(used_at=now))


async def revoke_token(session: AsyncSession, token_id: UUID, now: datetime) -> bool:
    """Revoke a token; say whether it was in force."""
    revoked = update(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    return (await session.scalars(revoked.returning(ApiToken.id))).first() is not None


async def revoke_tokens(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Revoke all tokens of a person."""
    held = update(ApiToken).where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
    await session.execute(held.values(revoked_at=now))


# Signing keys


async def add_key(session: AsyncSession, key: SigningKey) -> bool:
    """Keep a key; say whether it was new. A public key is enrolled once, by one person."""
    row = insert(SigningKey).values(
        id=key.id,
        account_id=key.account_id,
        public_key=key.public_key,
        label=key.label,
        kept_in=key.kept_in,
        enrolled_at=key.enrolled_at,
    )
    added = await session.scalars(row.on_conflict_do_nothing(index_elements=["public_key"]).returning(SigningKey.id))
    return added.first() is not None


async def key_by_id(session: AsyncSession, key_id: UUID, *, lock: bool = False) -> SigningKey | None:
    found = select(SigningKey).where(SigningKey.id == key_id)
    return (await session.scalars(found.with_for_update() if lock else found)).one_or_none()


async def keys_of(session: AsyncSession, account_id: UUID) -> Sequence[SigningKey]:
    """Return a person's keys, newest first."""
    found = select(SigningKey).where(SigningKey.account_id == account_id)
    return (await session.scalars(found.order_by(SigningKey.enrolled_at.desc(), SigningKey.id))).all()


async def account_by_id(session: AsyncSession, account_id: UUID) -> Account | None:
    return await session.get(Account, account_id)


async def revoke_key(session: AsyncSession, key_id: UUID, why: str, now: datetime) -> None:
    await session.execute(update(SigningKey).where(SigningKey.id == key_id).values(revoked_at=now, revoked_why=why))


async def forget_label(session: AsyncSession, key_id: UUID) -> None:
    await session.execute(update(SigningKey).where(SigningKey.id == key_id).values(label=""))


async def revoke_key_grants(
    session: AsyncSession, now: datetime, by: UUID | None, *, key_id: UUID | None = None, grant_id: UUID | None = None
) -> Sequence[KeyGrant]:
    """Revoke a grant, or every grant of a key that is in force; return those that were."""
    revoked = update(KeyGrant).where(KeyGrant.revoked_at.is_(None)).values(revoked_at=now, revoked_by=by)
    revoked = revoked.where(KeyGrant.key_id == key_id) if key_id else revoked.where(KeyGrant.id == grant_id)
    return (await session.scalars(revoked.returning(KeyGrant))).all()


async def keys_in_force(session: AsyncSession) -> Sequence[tuple[SigningKey, Account]]:
    """Return every key that is not revoked, with its holder, by name."""
    found = await session.execute(
        select(SigningKey, Account)
        .join(Account, Account.id == SigningKey.account_id)
        .where(SigningKey.revoked_at.is_(None))
        .order_by(Account.name, SigningKey.enrolled_at, SigningKey.id)
        .limit(500)
    )
    return [(key, account) for key, account in found]


async def add_key_grant(session: AsyncSession, grant: KeyGrant) -> bool:
    """Keep a grant; say whether it was new."""
    row = insert(KeyGrant).values(
        id=grant.id,
        key_id=grant.key_id,
        round_id=grant.round_id,
        log_id=grant.log_id,
        role=grant.role,
        district=grant.district,
        from_at=grant.from_at,
        granted_by=grant.granted_by,
        granted_at=grant.granted_at,
    )
    return (await session.scalars(row.on_conflict_do_nothing().returning(KeyGrant.id))).first() is not None


async def key_grant_by_id(session: AsyncSession, grant_id: UUID) -> KeyGrant | None:
    found = select(KeyGrant).where(KeyGrant.id == grant_id, KeyGrant.revoked_at.is_(None)).with_for_update()
    return (await session.scalars(found)).one_or_none()


async def key_grants(
    session: AsyncSession, *, key_id: UUID | None = None, round_id: UUID | None = None, role: Role | None = None
) -> Sequence[KeyGrant]:
    """Return the grants in force of a key, a round or a role, oldest first."""
    found = select(KeyGrant).where(KeyGrant.revoked_at.is_(None))
    if key_id is not None:
        found = found.where(KeyGrant.key_id == key_id)
    if round_id is not None:
        found = found.where(KeyGrant.round_id == round_id)
    if role is not None:
        found = found.where(KeyGrant.role == role)
    return (await session.scalars(found.order_by(KeyGrant.granted_at, KeyGrant.id))).all()
