"""What can go wrong with staff: invitations, factors, roles, units."""

from typing import ClassVar

from pb_service.platform.errors import DomainError


class FactorUnreadable(DomainError):
    """A stored secret does not open: the key "factors" was exchanged, or the row belongs to another account."""

    status: ClassVar[int] = 409
    type: ClassVar[str] = "factor-unreadable"


class CodeRefused(DomainError):
    """The one-time code is wrong, late or used."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "code-refused"


class PasskeyRefused(DomainError):
    """The authenticator's answer is not for this session, host and challenge."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "passkey-refused"
