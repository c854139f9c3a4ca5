"""Second factors without a key of their own: an authenticator app (RFC 6238) and recovery codes on paper.

Codes are six digits of thirty seconds, SHA-1: what every authenticator app understands. A secret leaves this module
only for the page on which it is enrolled; in the database it is sealed under a key that lies outside.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.features.accounts import staff_repository as repository
from pb_service.features.accounts.staff_errors import CodeRefused, FactorUnreadable
from pb_service.platform.keys import Ring

STEP_SECONDS = 30
#: How many steps the phone's clock may be off, in either direction.
STEPS_OFF = 1
RECOVERY_CODES = 10
#: Without the characters that look alike on paper. 16 of 28 are 76 bits: nobody guesses them, so a plain hash will do.
RECOVERY_ALPHABET = "23456789abcdefghjkmnpqrtvwxy"
RECOVERY_LENGTH = 16
_NONCE_SIZE = 12


class FactorBox:
    """Seals the secrets of authenticator apps: a copy of the database alone makes no codes."""

    def __init__(self, keys: Ring) -> None:
        """``keys``: the secrets "factors" of the key folder; a rotation seals everything anew (key_rotation.py)."""
        self._keys = keys

    def seal(self, account_id: UUID, secret: str) -> bytes:
        """Return nonce and ciphertext; it opens only for the same account."""
        nonce = secrets.token_bytes(_NONCE_SIZE)
        cipher = ChaCha20Poly1305(self._keys.current)
        return nonce + cipher.encrypt(nonce, secret.encode("ascii"), account_id.bytes)

    def open(self, account_id: UUID, sealed: bytes) -> str:
        """Return the secret. Raises FactorUnreadable when it was sealed under another key or for another account."""
        for known in self._keys.secrets:
            secret = _opened(known.key, account_id, sealed)
            if secret is not None:
                return secret
        raise FactorUnreadable

    def is_current(self, account_id: UUID, sealed: bytes) -> bool:
        """Whether it was sealed with the newest key."""
        return _opened(self._keys.current, account_id, sealed) is not None


def _opened(key: bytes, account_id: UUID, sealed: bytes) -> str | None:
    try:
        plain = ChaCha20Poly1305(key).decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], account_id.bytes)
    except InvalidTag:
        return None
    return plain.decode("ascii")


@dataclass(frozen=True)
class PasskeyLine:
    """A passkey as its owner sees it."""

    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What an account can prove itself with: the app since when, passkeys, and how many recovery codes are left."""

    app_since: datetime | None
    passkeys: tuple[PasskeyLine, ...]
    recovery_codes: int

    @property
    def any(self) -> bool:
        """Whether there is a factor; recovery codes alone are none."""
        return self.app_since is not None or bool(self.passkeys)

    @property
    def count(self) -> int:
        return len(self.passkeys) + (self.app_since is not None)


async def factors_of(session: AsyncSession, account_id: UUID) -> Factors:
    """Return the factors of an account."""
    app = await repository.app_of(session, account_id)
    keys = await repository.passkeys_of(session, account_id)
    return Factors(
        app_since=app.confirmed_at if app else None,
        passkeys=tuple(PasskeyLine(key.id, key.name, key.created_at, key.used_at) for key in keys),
        recovery_codes=await repository.count_unused_codes(session, account_id),
    )


async def begin_app(session: AsyncSession, account_id: UUID, box: FactorBox) -> None:
    """Make a new secret for an app. It counts only when a code of it was given; until then an older one stays."""
    await repository.put_pending_secret(session, account_id, box.seal(account_id, pyotp.random_base32()))


async def pending_app(session: AsyncSession, account_id: UUID, box: FactorBox) -> str | None:
    """Return the secret that waits for its first code, in base32, or None."""
    app = await repository.app_of(session, account_id)
    return box.open(account_id, app.pending) if app and app.pending else None


def app_address(secret: str, *, account: str, issuer: str) -> str:
    """Return the ``otpauth:`` address that the QR code holds."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=account, issuer_name=issuer)


async def seal_anew(session: AsyncSession, box: FactorBox) -> int:
    """Seal every stored secret with the newest key; return how many cannot be opened with any, and stay as they are.

    Nobody else writes secrets meanwhile: none can slip past under an older key.
    """
    unreadable = 0
    for app in await repository.all_apps(session):
        try:
            app.secret, app.pending = (_anew(app.account_id, box, sealed) for sealed in (app.secret, app.pending))
        except FactorUnreadable:
            unreadable += 1
    await session.flush()
    return unreadable


def _anew(account_id: UUID, box: FactorBox, sealed: bytes | None) -> bytes | None:
    if sealed is None or box.is_current(account_id, sealed):
        return sealed
    return box.seal(account_id, box.open(account_id, sealed))


async def confirm_app(session: AsyncSession, account_id: UUID, box: FactorBox, code: str, *, now: datetime) -> None:
    """Take the pending secret into use, replacing an older one. Raises CodeRefused when the code is not of it."""
    secret = await pending_app(session, account_id, box)
    step = step_of_code(secret, code, now) if secret else None
    if step is None or not await repository.confirm_pending(session, account_id, step, now):
        raise CodeRefused


async def prove_by_app(session: AsyncSession, account_id: UUID, box: FactorBox, code: str, *, now: datetime) -> bool:
    """Return whether the code is right and new: a code works once, also when two requests bring it at one moment."""
    app = await repository.app_of(session, account_id)
    if app is None or app.secret is None:
        return False
    step = step_of_code(box.open(account_id, app.secret), code, now)
    return step is not None and await repository.use_step(session, account_id, step)


def step_of_code(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that the code belongs to, at most STEPS_OFF from now, or None."""
    digits = "".join(code.split())
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return None
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    steps = range(current - STEPS_OFF, current + STEPS_OFF + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), digits)), None)


async def make_recovery_codes(session: AsyncSession, account_id: UUID, *, now: datetime) -> list[str]:
    """Return ten new recovery codes, to be shown this once; older ones end."""
    codes = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    await repository.replace_codes(session, account_id, [_code_hash(account_id, code) for code in codes], now)
    return ["-".join(code[start : start + 4] for start in range(0, RECOVERY_LENGTH, 4)) for code in codes]


async def prove_by_recovery_code(session: AsyncSession, account_id: UUID, code: str, *, now: datetime) -> bool:
    """Return whether the code is one of the account's and was not used before; it is used up by this."""
    plain = "".join(character for character in code.casefold() if character not in "- \u2010\u2011")
    if len(plain) != RECOVERY_LENGTH:
        return False
    return await repository.use_code(session, account_id, _code_hash(account_id, plain), now)


def _code_hash(account_id: UUID, code: str) -> bytes:
    return hashlib.sha256(account_id.bytes + code.encode()).digest()
