"""Voters without an account: known for one vote by the key of a code letter, by a sign-in bound to a key of theirs, or
because officers of a desk have looked them up (assisted.py).

A pass is a cookie of the browser that was identified, and a row that says under which aliases it may vote. It opens
nothing by itself: every envelope is signed by the voter's own key, which only that window has, and the signature is in
the record (docs/protocol.md section 6). The server sees public keys, never a code.

A sign-in goes: the window draws a session key and 32 blinding bytes, and leaves for the provider with a nonce made of
both (`begin_sign_in`); when the browser is back the provider's token is checked, sealed to the auditors and forgotten,
and the person is looked up on the roll (`finish_sign_in`).
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from litestar.connection import ASGIConnection
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import entries, signatures
from pb_service.core.record.canonical import CanonicalError, b64u, unb64u
from pb_service.core.record.framing import h32
from pb_service.core.rounds.fingerprint import crockford
from pb_service.core.sealing.evidence import SignIn, nonce_of, seal_sign_in
from pb_service.core.voting.codes import READ_AS
from pb_service.features.accounts.oidc import Proof
from pb_service.features.record.tables import LogEntry
from pb_service.features.roll import letters
from pb_service.features.roll.standing import Standing, find_identified
from pb_service.features.roll.tables import Roll
from pb_service.features.rounds.tables import Round
from pb_service.features.voting.errors import BadEnvelope, NotYours, WrongCode
from pb_service.features.voting.pass_tables import BoothPass, CastEvidence
from pb_service.features.voting.polling import Polling
from pb_service.platform.keys import KeyFolder
from pb_service.web.cookies import read_cookie

PassClass = Literal["idt", "code", "desk"]

PASSES: tuple[PassClass, ...] = ("idt", "code", "desk")
#: How long somebody is known without being identified again.
LASTS = timedelta(hours=2)
#: How long the code of a desk can be typed, and how long the ballot may take then.
DESK_CODE_LASTS, DESK_LASTS = timedelta(minutes=30), timedelta(minutes=45)
#: Letters and digits of the code of a desk.
_DESK_CODE = 8


@dataclass(frozen=True)
class Pass:
    """Whom a browser was identified as. ``since``: when; it decides who may still cast in the minutes of grace."""

    cls: PassClass
    standings: tuple[Standing, ...]
    keys: Mapping[str, bytes]
    since: datetime
    token_hash: bytes | None = None
    evidence: bytes | None = field(default=None, repr=False)
    begun_by: UUID | None = None

    def told(self, group: str) -> dict[str, str]:
        """What the voter's window must know to sign in a group: by which key, and the hash of her token."""
        if group not in self.keys:
            return {}
        hashed = {"h": b64u(self.token_hash)} if self.token_hash else {}
        return {"key": b64u(self.keys[group]), **hashed}

    def signed(self, group: str, alias: bytes, signature: str) -> "Signed":
        """Return what makes an envelope of this voter whole. Raises NotYours, BadEnvelope."""
        standing = next((one for one in self.standings if one.group == group and one.alias == alias), None)
        if standing is None or group not in self.keys:
            raise NotYours("This envelope has another alias than yours.")
        try:
            made = b64u(unb64u(signature, signatures.SIGNATURE_SIZE))
        except CanonicalError as error:
            raise BadEnvelope("This envelope is not signed.") from error
        return Signed(standing, self.keys[group], made, self.since, self.token_hash, self.evidence)


@dataclass(frozen=True)
class Signed:
    """The voter's own signature over an envelope's entry, the key that it is by, and the evidence of the sign-in."""

    standing: Standing
    key: bytes
    signature: str
    since: datetime
    token_hash: bytes | None = None
    evidence: bytes | None = field(default=None, repr=False)

    def entry(self, eid: bytes, fields: Mapping[str, object]) -> bytes:
        """Return the entry of an envelope, the signature checked; ``fields`` without kind and signatures.

        Raises BadEnvelope.
        """
        if self.token_hash is not None:
            fields = {**fields, "p": b64u(self.key), "h": b64u(self.token_hash)}
        whole = {"v": 1, "k": "env", "e": b64u(eid), **fields, "sg": [["p", self.signature]]}
        try:
            signatures.verify_entry(whole, {"p": self.key})
        except signatures.SignatureError as error:
            raise BadEnvelope("This envelope is not signed by the voter's key.") from error
        return entries.encoded(whole)


async def begin_with_code(
    session: AsyncSession, polling: Polling, keys: Mapping[str, bytes], *, now: datetime
) -> tuple[str, Pass]:
    """Identify a voter by the public keys that a code stands for, by group. Returns the secret of the cookie.

    Raises WrongCode.
    """
    groups = {group.id for group in polling.manifest.groups.values() if "code" in group.classes}
    wanted = {group: key for group, key in keys.items() if group in groups}
    if not wanted or not await letters.aliases_of_keys(session, polling.round_id, wanted):
        raise WrongCode("No letter in force has this code.")
    secret = secrets.token_urlsafe(32)
    row = BoothPass(
        sha256=_sha256("cookie", secret),
        round_id=polling.round_id,
        cls="code",
        keys={group: b64u(key) for group, key in wanted.items()},
        begun_at=now,
        expires_at=now + LASTS,
    )
    await _keep(session, row, now)
    found = await _of(session, polling, row)
    assert found is not None  # noqa: S101 - there are aliases
    return secret, found


async def call_from_desk(
    session: AsyncSession,
    polling: Polling,
    aliases: Mapping[str, bytes],
    *,
    officer: UUID | None,
    now: datetime,
) -> str:
    """Let a person vote on a device at the desk under these aliases. Returns the code that she types there, once."""
    code = crockford(secrets.token_bytes(_DESK_CODE * 5 // 8))
    row = BoothPass(
        sha256=_sha256("code", code),
        round_id=polling.round_id,
        cls="desk",
        aliases={group: b64u(alias) for group, alias in aliases.items()},
        begun_by=officer,
        begun_at=now,
        expires_at=now + DESK_CODE_LASTS,
    )
    await _keep(session, row, now)
    return code


async def begin_at_desk(session: AsyncSession, polling: Polling, typed: str, *, now: datetime) -> tuple[str, Pass]:
    """Take the code of a desk, which is used up by it. Returns the secret of the cookie. Raises WrongCode."""
    code = "".join(typed.upper().split()).replace("-", "").translate(READ_AS)
    called = await session.get(BoothPass, _sha256("code", code), with_for_update=True)
    if called is None or called.cls != "desk" or called.round_id != polling.round_id or now >= called.expires_at:
        raise WrongCode("No desk has given this code, or it has been used.")
    secret = secrets.token_urlsafe(32)
    row = BoothPass(
        sha256=_sha256("cookie", secret),
        round_id=polling.round_id,
        cls="desk",
        aliases=called.aliases,
        begun_by=called.begun_by,
        begun_at=now,
        expires_at=now + DESK_LASTS,
    )
    await session.delete(called)
    await _keep(session, row, now)
    found = await _of(session, polling, row)
    assert found is not None  # noqa: S101 - there are aliases
    return secret, found


async def begin_sign_in(
    session: AsyncSession, polling: Polling, session_key: bytes, blind: bytes, *, now: datetime
) -> tuple[str, str]:
    """Let a window leave for the provider. Returns the secret of the cookie, and the nonce that the token must have.

    Who asks again before coming back, because the answer was lost, leaves with the same nonce and another cookie.
    Raises BadEnvelope for a key that has come back already.
    """
    secret, nonce = secrets.token_urlsafe(32), nonce_of(polling.manifest.eid, session_key, blind)
    await erase_ended(session, now)
    made = insert(BoothPass).values(
        sha256=_sha256("cookie", secret),
        round_id=polling.round_id,
        cls="idt",
        session_key=session_key,
        nonce=nonce,
        blind=blind,
        begun_at=now,
        expires_at=now + LASTS,
    )
    given = {name: made.excluded[name] for name in ("sha256", "begun_at", "expires_at")}
    made = made.on_conflict_do_update(index_elements=["nonce"], set_=given, where=BoothPass.aliases.is_(None))
    if await session.scalar(made.returning(BoothPass.sha256)) is None:
        raise BadEnvelope("This key was used for a sign-in already.")
    return secret, nonce


async def finish_sign_in(
    session: AsyncSession,
    polling: Polling,
    found: Round,
    *,
    row: BoothPass,
    proof: Proof,
    keys: KeyFolder,
    now: datetime,
) -> bool:
    """Keep what a checked token proves. Returns whether the person may vote here; if not, nothing of them is kept."""
    assert row.blind is not None and row.session_key is not None  # noqa: S101, PT018 - a sign-in that has not come back
    person = proof.identity
    given = await find_identified(session, found, person.scheme, person.person_id, keys=keys)
    classes = {group.id: group.classes for group in polling.manifest.groups.values()}
    row.aliases = {one.group: b64u(one.alias) for one in given if "idt" in classes[one.group]}
    evidence = SignIn(row.blind, proof.id_token)
    row.blind, row.begun_at, row.expires_at = None, now, now + LASTS
    if row.aliases:
        auditors = unb64u(polling.manifest.document["aud"], 32)
        row.token_hash = evidence.hash()
        row.evidence = seal_sign_in(evidence, auditors, polling.manifest.eid, row.session_key)
    await session.flush()
    return bool(row.aliases)


async def waiting_for(session: AsyncSession, nonce: str) -> BoothPass | None:
    """Return the sign-in under way with that nonce, held."""
    query = select(BoothPass).where(BoothPass.nonce == nonce, BoothPass.aliases.is_(None))
    return await session.scalar(query.with_for_update())


async def recognise(session: AsyncSession, polling: Polling, secret: str, *, now: datetime) -> Pass | None:
    """Return the pass of a cookie for this vote, or None: there is none, it has ended, or its letter is void."""
    row = await session.get(BoothPass, _sha256("cookie", secret)) if secret else None
    if row is None or row.round_id != polling.round_id or now >= row.expires_at:
        return None
    return await _of(session, polling, row)


async def of_request(
    connection: ASGIConnection[Any, Any, Any, Any], session: AsyncSession, polling: Polling, *, now: datetime
) -> Pass | None:
    """Return the pass that the reader's browser has for this vote, or None."""
    return await recognise(session, polling, read_cookie(connection, "pb-booth"), now=now)


async def leave(session: AsyncSession, secret: str) -> None:
    """Forget a pass."""
    await session.execute(delete(BoothPass).where(BoothPass.sha256 == _sha256("cookie", secret)))


async def _of(session: AsyncSession, polling: Polling, row: BoothPass) -> Pass | None:
    if row.cls == "code":
        keys = {group: unb64u(key, 32) for group, key in (row.keys or {}).items()}
        aliases = await letters.aliases_of_keys(session, polling.round_id, keys)
    else:
        if row.aliases is None:
            return None
        aliases = {group: unb64u(alias, 32) for group, alias in row.aliases.items()}
        keys = dict.fromkeys(aliases, row.session_key) if row.session_key else {}
    cls: PassClass = next(name for name in PASSES if name == row.cls)
    standings = tuple(Standing(group, aliases[group], cls) for group in polling.groups if group in aliases)
    if cls == "code" and not standings:
        return None
    return Pass(cls, standings, keys, row.begun_at, row.token_hash, row.evidence, row.begun_by)


async def end_for(session: AsyncSession, round_id: UUID, aliases: Collection[tuple[str, bytes]]) -> None:
    """End the passes under these (group, alias): who is taken off the roll casts no more."""
    for group, alias in aliases:
        named = BoothPass.aliases[group].astext == b64u(alias)
        await session.execute(delete(BoothPass).where(BoothPass.round_id == round_id, named))


async def erase_ended(session: AsyncSession, now: datetime) -> None:
    """Delete the passes whose time is over."""
    await session.execute(delete(BoothPass).where(BoothPass.expires_at <= now))


async def erase_evidence(session: AsyncSession) -> None:
    """Delete the evidence of sign-ins in rounds whose roll was erased."""
    erased = (
        select(LogEntry.id)
        .join(Round, Round.log_id == LogEntry.log_id)
        .join(Roll, Roll.round_id == Round.id)
        .where(Roll.erased_at.is_not(None))
    )
    await session.execute(delete(CastEvidence).where(CastEvidence.entry_id.in_(erased)))


async def _keep(session: AsyncSession, row: BoothPass, now: datetime) -> None:
    await erase_ended(session, now)
    session.add(row)
    await session.flush()


def _sha256(kind: Literal["cookie", "code"], secret: str) -> bytes:
    """How a pass is found. A code of a desk is short and typed once: sent as a cookie it must find nothing, or it
    could be tried without counting, and used without being used up."""
    return h32(f"pb/booth-{kind}", secret.encode())
