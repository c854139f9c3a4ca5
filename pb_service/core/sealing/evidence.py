"""Evidence of sign-ins, sealed to the auditors' key the moment it comes (docs/protocol.md sections 2 and 16).

What a token says of a person is written nowhere but in here: with the envelope goes only a hash that nobody can undo.
HPKE base mode as in the ceremony; the info binds it to the election and to the voter's session key.
"""

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from pb_service.core.record.canonical import CanonicalError, b64u, decode, encode, unb64u
from pb_service.core.record.framing import frame, h32
from pb_service.core.sealing.ceremony import HPKE

#: Signatures of tokens that a checker on the standard library alone can check.
ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})
#: Seconds by which a token may have been made before the vote opens or after it closes.
SLACK = 300


class EvidenceError(ValueError):
    """Sealed evidence cannot be opened: another key, another vote, or damaged."""


@dataclass(frozen=True)
class SignIn:
    """What proves a sign-in for voting: the 32 bytes that blind the nonce, and the ID token in compact form."""

    blind: bytes = field(repr=False)
    token: str = field(repr=False)

    def hash(self) -> bytes:
        """Return ``h`` of the envelopes that rest on this sign-in."""
        return h32("pb/token", self.blind, self.token.encode("ascii"))


def nonce_of(eid: bytes, session_key: bytes, blind: bytes) -> str:
    """Return the nonce that binds a token to a voter's session key, and tells the provider nothing of it."""
    return b64u(h32("pb/nonce", eid, session_key, blind))


def is_auditable(token: str, client_id: str, opens: int, closes: int) -> bool:
    """Whether auditors will take a token whose signature holds (docs/protocol.md section 16, A1): by its algorithm, for
    whom it is, and when it was made.
    """
    try:
        head, claims = (json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in token.split(".")[:2])
        made, ends = claims["iat"], claims["exp"]
        is_in_time = opens - SLACK <= made <= closes + SLACK and made < ends
        return head["alg"] in ALGORITHMS and claims["aud"] in (client_id, [client_id]) and bool(is_in_time)
    except (ValueError, KeyError, TypeError):
        return False


def seal_sign_in(evidence: SignIn, auditors: bytes, eid: bytes, session_key: bytes) -> bytes:
    """Return the evidence sealed to the auditors' X25519 key."""
    content = encode({"o": b64u(evidence.blind), "token": evidence.token})
    return HPKE.encrypt(content, X25519PublicKey.from_public_bytes(auditors), info=_info(eid, session_key))


def open_sign_in(sealed: bytes, auditors: X25519PrivateKey, eid: bytes, session_key: bytes) -> SignIn:
    """Return what `seal_sign_in` sealed. Raises EvidenceError."""
    try:
        content = decode(HPKE.decrypt(sealed, auditors, info=_info(eid, session_key)))
        return SignIn(unb64u(content["o"], 32), content["token"])
    except (InvalidTag, CanonicalError, ValueError, KeyError, TypeError) as error:
        raise EvidenceError("this evidence cannot be opened with this key") from error


def _info(eid: bytes, session_key: bytes) -> bytes:
    return frame(b"pb/evidence", eid, session_key)
