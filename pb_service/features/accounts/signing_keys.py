"""Signing keys of people: enrolled by their holder, granted and revoked by entries of a round's record.

The private half never comes here: a browser keeps it where not even its own pages can read it out, the offline tool in
a file. Who enrols a key proves to hold it by signing a statement of ours with it. Enrolling gives no right to anything;
a grant does, in one round, for a role that the holder has there, and it stands in the round's record: the public half,
role, scope and moment, and nothing of the person.

Signatures are those of docs/schemas/bundle.md section 3, over canonical JSON.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries, signatures
from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode, unb64u
from pb_service.core.record.framing import frame
from pb_service.features.accounts import access_log, policy, sessions
from pb_service.features.accounts import identity_repository as repository
from pb_service.features.accounts.identity_errors import KeyRefused, SignatureRefused
from pb_service.features.accounts.identity_tables import KeyGrant, SigningKey
from pb_service.features.accounts.policy import Act, Actor, Grant, Role
from pb_service.features.accounts.scopes import RoundScope
from pb_service.features.accounts.tables import Account
from pb_service.features.record import service as record
from pb_service.platform.db import uuid7

Why = Literal["lost", "replaced", "left"]
WHYS: tuple[Why, ...] = get_args(Why)
KeptIn = Literal["browser", "file"]

#: Roles whose people sign.
SIGNERS: tuple[Role, ...] = ("registrar", "desk", "auditor", "observer", "manager", "trustee")
#: How long a statement can be signed: long enough to carry it to a machine without network and back.
STATEMENT_LASTS = timedelta(hours=24)
#: Keys in force that one person may have.
MOST_KEYS = 10

_ENROLMENT = "key.enrolment"
_TRIAL = "key.trial"
#: The name of the signer in documents that one person signs with one key.
_SELF = "p"
_MOST_BYTES = 2000


@dataclass(frozen=True)
class GrantOrder:
    """What a key shall be allowed to sign: a role in a round, in one district or (None) all, from a moment on."""

    key_id: UUID
    role: Role
    district: str | None
    from_at: datetime


@dataclass(frozen=True)
class HeldKey:
    """A key as its holder sees it, with what it may sign."""

    key: SigningKey
    grants: tuple[KeyGrant, ...]

    @property
    def public(self) -> str:
        """The public half in base64url."""
        return b64u(self.key.public_key)


def statement(secret: bytes, account_id: UUID, now: datetime) -> bytes:
    """Return what the holder of a new key signs, without the key: canonical JSON, good for a day, for one person."""
    ends = int((now + STATEMENT_LASTS).timestamp())
    return encode({"v": 1, "k": _ENROLMENT, "t": ends, "c": b64u(_challenge(secret, account_id, ends))})


async def enrol(
    session: AsyncSession,
    actor: Actor,
    document: bytes,
    *,
    label: str,
    kept_in: KeptIn,
    secrets: Sequence[bytes],
    now: datetime,
) -> SigningKey:
    """Enrol the key that signed ``document``: the statement with the field ``pk`` and the signature by ``p``.

    Raises KeyRefused.
    """
    policy.require_somewhere(actor, "keys.enrol", now=now)
    assert actor.account_id is not None  # noqa: S101 - required above
    public_key = _proven(document, secrets, actor.account_id, now)
    held = await repository.keys_of(session, actor.account_id)
    if sum(key.revoked_at is None for key in held) >= MOST_KEYS:
        raise KeyRefused("many")
    key = SigningKey(
        id=uuid7(),
        account_id=actor.account_id,
        public_key=public_key,
        label=label,
        kept_in=kept_in,
        enrolled_at=now,
    )
    if not await repository.add_key(session, key):
        raise KeyRefused("enrolled")
    await access_log.note(session, actor.account_id, "key.enrolled", str(key.id), now=now)
    return key


async def held(session: AsyncSession, account_id: UUID) -> list[HeldKey]:
    """Return a person's keys, newest first, with their grants in force."""
    return [
        HeldKey(key, tuple(await repository.key_grants(session, key_id=key.id)))
        for key in await repository.keys_of(session, account_id)
    ]


async def find(session: AsyncSession, actor: Actor, key_id: UUID) -> SigningKey:
    """Return a key that the actor may revoke: one's own, or anybody's for who manages people. Raises KeyRefused."""
    key = await repository.key_by_id(session, key_id)
    if key is None or not (key.account_id == actor.account_id or policy.may(actor, "people.manage")):
        raise KeyRefused("absent")
    return key


async def grantable(session: AsyncSession, actor: Actor, scope: RoundScope) -> list[tuple[SigningKey, Account, Role]]:
    """Return the keys that could be granted in a round: each with its holder, once for every role they sign in."""
    policy.require(actor, "keys.grant", round_id=scope.id)
    found = []
    for key, account in await repository.keys_in_force(session):
        grants = await sessions.grants_of(session, account.id)
        roles = [role for role in SIGNERS if any(g.role == role and g.round_id in (None, scope.id) for g in grants)]
        found += [(key, account, role) for role in roles]
    return found


async def granted(session: AsyncSession, scope: RoundScope) -> list[tuple[KeyGrant, SigningKey]]:
    """Return the grants in force in a round, oldest first, with their keys."""
    found = []
    for grant in await repository.key_grants(session, round_id=scope.id):
        key = await repository.key_by_id(session, grant.key_id)
        assert key is not None  # noqa: S101 - a foreign key
        found.append((grant, key))
    return found


def own_keys(granted_keys: Iterable[tuple[KeyGrant, SigningKey]], actor: Actor, role: str) -> list[str]:
    """Return the public halves, in base64url, of the actor's own keys among those granted in a round for a role."""
    return [
        b64u(key.public_key)
        for found, key in granted_keys
        if found.role == role and key.account_id is not None and key.account_id == actor.account_id
    ]


async def grant(
    session: AsyncSession, actor: Actor, scope: RoundScope, order: GrantOrder, *, now: datetime
) -> KeyGrant:
    """Let a key sign in a round, by an entry of its record. Raises KeyRefused."""
    policy.require(actor, "keys.grant", round_id=scope.id, now=now)
    if scope.log_id is None:
        raise KeyRefused("no-record")
    key = await repository.key_by_id(session, order.key_id, lock=True)
    if key is None or key.revoked_at is not None or key.account_id is None:
        raise KeyRefused("absent")
    if order.role not in SIGNERS or not await _holds(session, key.account_id, order.role, scope.id, order.district):
        raise KeyRefused("no-role")
    if order.district is not None and all(known.key != order.district for known in scope.districts):
        raise KeyRefused("no-district")
    made = KeyGrant(
        id=uuid7(),
        key_id=key.id,
        round_id=scope.id,
        log_id=scope.log_id,
        role=order.role,
        district=order.district,
        from_at=order.from_at,
        granted_by=actor.account_id,
        granted_at=now,
    )
    if not await repository.add_key_grant(session, made):
        raise KeyRefused("granted")
    await _tell(session, "key.granted", made, key, by=_role_for(actor, "keys.grant", scope.id), now=now)
    await access_log.note(session, actor.account_id, "key.granted", f"{key.id} {made.role}", now=now)
    return made


async def withdraw(session: AsyncSession, actor: Actor, grant_id: UUID, *, now: datetime) -> None:
    """End one grant of a key, by an entry of the record; the key itself stays enrolled. Raises KeyRefused."""
    found = await repository.key_grant_by_id(session, grant_id)
    policy.require(actor, "keys.grant", round_id=found.round_id if found else None, now=now)
    if found is None:
        raise KeyRefused("absent")
    await _revoke_grants(session, actor, _role_for(actor, "keys.grant", found.round_id), now=now, grant_id=grant_id)


async def revoke(session: AsyncSession, actor: Actor, key_id: UUID, why: Why, *, now: datetime) -> None:
    """End a key for ever, and every grant of it by an entry of the record. Raises KeyRefused.

    Everybody ends their own keys; who manages people ends anybody's.
    """
    key = await repository.key_by_id(session, key_id, lock=True)
    own = key is not None and key.account_id is not None and key.account_id == actor.account_id
    if own:
        policy.require_somewhere(actor, "keys.enrol", now=now)
    else:
        policy.require(actor, "people.manage", now=now)
    if key is None or key.revoked_at is not None:
        raise KeyRefused("absent")
    await repository.revoke_key(session, key_id, why, now)
    await _revoke_grants(session, actor, None if own else "administrator", now=now, key_id=key_id)
    await access_log.note(session, actor.account_id, "key.revoked", f"{key_id} {why}", now=now)


async def end_with_role(session: AsyncSession, actor: Actor, account_id: UUID, taken: Grant, *, now: datetime) -> None:
    """End the grants of a person's keys that a role carried, now that it is taken, each by an entry of its record.

    The keys stay enrolled. What another role of theirs carries stays too.
    """
    own = account_id == actor.account_id
    by = None if own else next(g.role for g in actor.grants if g.role in policy.PERMISSIONS["people.invite"])
    for key in await repository.keys_of(session, account_id):
        for found in await repository.key_grants(session, key_id=key.id, role=taken.role):
            if not await _holds(session, account_id, found.role, found.round_id, found.district):
                await _revoke_grants(session, actor, by, now=now, grant_id=found.id)
                await access_log.note(session, actor.account_id, "key.revoked", f"{key.id} {found.role}", now=now)


async def forget_holder(session: AsyncSession, account_id: UUID, *, now: datetime) -> None:
    """End all keys of a person whose account goes, and forget what they called them. Their public halves stay."""
    for key in await repository.keys_of(session, account_id):
        if key.revoked_at is None:
            await repository.revoke_key(session, key.id, "left", now)
            await _revoke_grants(session, Actor(account_id=account_id), None, now=now, key_id=key.id)
        await repository.forget_label(session, key.id)


async def verify(
    session: AsyncSession,
    actor: Actor,
    entry: Mapping[str, Any],
    *,
    public_key: str,
    signature: str,
    round_id: UUID,
    role: Role,
    district: str | None = None,
    now: datetime,
) -> SigningKey:
    """Return the key with which the actor signed ``entry`` (without ``sg``), if it may sign that here and now.

    Raises SignatureRefused unless the key is the actor's own, not revoked, granted for the role in the round and
    district by now, the actor still has the role, and the signature is valid.
    """
    key = await _own_key(session, actor, public_key)
    grants = await repository.key_grants(session, key_id=key.id, round_id=round_id, role=role)
    if not any(found.from_at <= now and found.district in (None, district) for found in grants):
        raise SignatureRefused("ungranted")
    assert actor.account_id is not None  # noqa: S101 - the key is the actor's
    if not await _holds(session, actor.account_id, role, round_id, district):
        raise SignatureRefused("no-role")
    _check(entry, key, signature)
    return key


def trial(now: datetime) -> bytes:
    """Return an entry that means nothing, to try a key with: canonical JSON."""
    return encode({"v": 1, "k": _TRIAL, "t": int(now.timestamp())})


async def verify_trial(
    session: AsyncSession, actor: Actor, body: bytes, *, public_key: str, signature: str, now: datetime
) -> SigningKey:
    """Return the key with which the actor signed a trial within the last hour. Raises SignatureRefused."""
    try:
        entry = decode(body[:_MOST_BYTES])
    except CanonicalError as error:
        raise SignatureRefused("unknown") from error
    if not isinstance(entry, dict) or entry.keys() != {"v", "k", "t"} or entry["k"] != _TRIAL:
        raise SignatureRefused("unknown")
    if not isinstance(entry["t"], int) or not 0 <= now.timestamp() - entry["t"] < 3600:
        raise SignatureRefused("old")
    key = await _own_key(session, actor, public_key)
    _check(entry, key, signature)
    return key


def _challenge(secret: bytes, account_id: UUID, ends: int) -> bytes:
    return hmac.digest(secret, frame(b"pb/key-enrolment", account_id.bytes, str(ends).encode()), hashlib.sha256)


def _proven(document: bytes, secrets: Sequence[bytes], account_id: UUID, now: datetime) -> bytes:
    """The public key of a signed statement that was made for this person and has not ended."""
    try:
        read = decode(document[:_MOST_BYTES])
        if not isinstance(read, dict) or read.keys() != {"v", "k", "t", "c", "pk", "sg"} or read["k"] != _ENROLMENT:
            raise KeyRefused("unsigned")
        public_key, ends = unb64u(read["pk"], signatures.KEY_SIZE), read["t"]
        challenge = unb64u(read["c"], 32)
        ours = [_challenge(secret, account_id, ends) for secret in secrets] if isinstance(ends, int) else []
        if not any(hmac.compare_digest(challenge, known) for known in ours):
            raise KeyRefused("foreign")
        if now.timestamp() >= ends:
            raise KeyRefused("old")
        signatures.verify_entry(read, {_SELF: public_key})
    except (CanonicalError, signatures.SignatureError, AttributeError, TypeError, ValueError) as error:
        raise KeyRefused("unsigned") from error
    return public_key


async def _own_key(session: AsyncSession, actor: Actor, public_key: str) -> SigningKey:
    keys = await repository.keys_of(session, actor.account_id) if actor.account_id else []
    key = next((found for found in keys if b64u(found.public_key) == public_key), None)
    if key is None or key.revoked_at is not None:
        raise SignatureRefused("absent")
    return key


def _check(entry: Mapping[str, Any], key: SigningKey, signature: str) -> None:
    try:
        signatures.verify_entry({**entry, "sg": [[_SELF, signature]]}, {_SELF: key.public_key})
    except signatures.SignatureError as error:
        raise SignatureRefused("invalid") from error


async def _holds(session: AsyncSession, account_id: UUID, role: Role, round_id: UUID, district: str | None) -> bool:
    account = await repository.account_by_id(session, account_id)
    if account is None or account.blocked_at is not None:
        return False
    held_roles: Sequence[Grant] = await sessions.grants_of(session, account_id)
    return any(found.role == role and found.reaches(round_id, district) for found in held_roles)


def _role_for(actor: Actor, act: Act, round_id: UUID) -> Role:
    """In which role the actor may do that there."""
    return next(g.role for g in actor.grants if g.role in policy.PERMISSIONS[act] and g.reaches(round_id, None))


async def _revoke_grants(
    session: AsyncSession,
    actor: Actor,
    by: Role | None,
    *,
    now: datetime,
    key_id: UUID | None = None,
    grant_id: UUID | None = None,
) -> None:
    """Revoke grants and say so in each round's record; ``by`` is None when the holder does it, in the key's role."""
    revoked = await repository.revoke_key_grants(session, now, actor.account_id, key_id=key_id, grant_id=grant_id)
    for found in sorted(revoked, key=lambda row: (row.granted_at, row.id)):
        key = await repository.key_by_id(session, found.key_id)
        assert key is not None  # noqa: S101 - a foreign key
        await _tell(session, "key.revoked", found, key, by=by or found.role, now=now)


async def _tell(session: AsyncSession, kind: str, about: KeyGrant, key: SigningKey, *, by: Role, now: datetime) -> None:
    """Add the entry of a grant or its end to the record. Its file holds the key and what it may sign: no person."""
    content: dict[str, Any] = {"key": b64u(key.public_key), "role": about.role}
    if about.district is not None:
        content["district"] = about.district
    if kind == "key.granted":
        content["from"] = int(about.from_at.timestamp())
    at = await record.moment_of_act(session, about.log_id, now)
    file_hash = await record.salted_file(session, content, kind=kind, at=at)
    entry = entries.act(kind, int(at.timestamp()), f"key/{about.id}", by, file_hash)
    await record.append(session, about.log_id, entry)
