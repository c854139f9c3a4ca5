"""Passkeys (WebAuthn): enrolled and asked for through an ordinary form whose hidden field an island fills.

The challenge is kept for the session and taken away when it is answered, right or wrong, so that no answer works twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from pb_service.features.accounts import staff_repository as repository
from pb_service.features.accounts.staff_errors import PasskeyRefused, TooManyPasskeys

CHALLENGE_LIFE = timedelta(minutes=5)
#: More than this many passkeys of one account are a mistake or worse.
MOST_PASSKEYS = 20
Purpose = Literal["enrol", "prove"]

#: What the library and the decoders below it raise for an answer that is not one.
_MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError, RecursionError)


@dataclass(frozen=True)
class RelyingParty:
    """For whom a passkey is: the host of the public address, and the one origin that may ask for it."""

    id: str
    origin: str

    @classmethod
    def of(cls, public_url: str) -> "RelyingParty":
        """``public_url``: PB_PUBLIC_URL, such as https://budget.example.org."""
        parts = urlsplit(public_url)
        return cls(id=parts.hostname or "", origin=f"{parts.scheme}://{parts.netloc}")


@dataclass(frozen=True)
class Holder:
    """Whose passkey it is, and the session in which it is asked for."""

    account_id: UUID
    session_id: UUID


async def offer_enrolment(
    session: AsyncSession, holder: Holder, party: RelyingParty, *, account: str, now: datetime
) -> str:
    """Return the options for ``navigator.credentials.create`` as JSON; a passkey that is there already is left out."""
    known = await repository.passkeys_of(session, holder.account_id)
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.id,
        user_id=holder.account_id.bytes,
        user_name=account,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    await repository.put_challenge(session, holder.session_id, "enrol", options.challenge, now + CHALLENGE_LIFE)
    return options_to_json(options)


async def enrol(
    session: AsyncSession, holder: Holder, party: RelyingParty, answer: str, *, name: str, now: datetime
) -> None:
    """Keep a new passkey. Raises PasskeyRefused when the answer is not for this session, host and
    challenge, and TooManyPasskeys."""
    challenge = await repository.take_challenge(session, holder.session_id, "enrol", now)
    if challenge is None:
        raise PasskeyRefused
    try:
        made = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=party.id, expected_origin=party.origin
        )
    except _MALFORMED:
        raise PasskeyRefused from None
    if len(await repository.passkeys_of(session, holder.account_id)) >= MOST_PASSKEYS:
        raise TooManyPasskeys
    kept = await repository.insert_passkey(
        session,
        holder.account_id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        now=now,
    )
    if not kept:
        raise PasskeyRefused


async def offer_proof(session: AsyncSession, holder: Holder, party: RelyingParty, *, now: datetime) -> str | None:
    """Return the options for ``navigator.credentials.get`` as JSON, or None when the account has no passkey."""
    known = await repository.passkeys_of(session, holder.account_id)
    if not known:
        return None
    options = generate_authentication_options(
        rp_id=party.id,
        allow_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    await repository.put_challenge(session, holder.session_id, "prove", options.challenge, now + CHALLENGE_LIFE)
    return options_to_json(options)


async def prove_by_passkey(
    session: AsyncSession, holder: Holder, party: RelyingParty, answer: str, *, now: datetime
) -> bool:
    """Return whether one of the account's passkeys answered this session's challenge. The challenge is used up."""
    challenge = await repository.take_challenge(session, holder.session_id, "prove", now)
    if challenge is None:
        return False
    try:
        credential = parse_authentication_credential_json(answer)
        key = await repository.passkey_by_credential(session, holder.account_id, base64url_to_bytes(credential.id))
        if key is None:
            return False
        proven = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
        )
    except _MALFORMED:
        return False
    await repository.passkey_used(session, key.id, proven.new_sign_count, now)
    return True
