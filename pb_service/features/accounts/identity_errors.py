"""What can go wrong with identity: signing in by a provider, tokens, signing keys."""

from typing import ClassVar, Literal

from pb_service.platform.errors import DomainError
from pb_service.settings import SettingsError

#: Why a sign-in by a provider did not come to an end. Pages have a sentence for each.
#: unavailable: the provider does not answer, or not as it should; refused: the person or the provider said no;
#: expired: it took too long; used: this return was made before; elsewhere: another browser began it;
#: invalid: the answer is not for us, or not genuine; unknown-person: the provider did not say who it is.
Reason = Literal["unavailable", "refused", "expired", "used", "elsewhere", "invalid", "unknown-person", "blocked"]


class SigninFailed(DomainError):
    """Nobody was signed in. ``detail`` is for the log: it names the check, never what the provider said of a person."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "sign-in-failed"

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__("The sign-in did not succeed.")
        self.reason = reason
        self.detail = detail


class SigninConfigError(SettingsError):
    """The file of providers cannot be used. The message names the file and the place in it, without secrets."""


class TokenRefused(DomainError):
    """The token is unknown, malformed, expired or revoked. Which of these is not said."""

    status: ClassVar[int] = 401
    type: ClassVar[str] = "token-refused"


class TokenScopeError(DomainError):
    """A token may not be made like this: it would reach further than its owner, or live too long."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "token-scope"


class KeyRefused(DomainError):
    """A signing key cannot be enrolled, granted or used like this."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "key-refused"


class SignatureRefused(DomainError):
    """The signature is not valid, or the key may not sign this here and now."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "signature-refused"
