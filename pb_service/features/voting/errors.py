"""Why an envelope is not taken. Each has a problem type that the booth knows."""

from typing import ClassVar

from pb_service.platform.errors import DomainError


class NoVote(DomainError):
    """There is no vote in this round, or not yet a manifest to seal ballots by."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "no-vote"


class NoReceipt(DomainError):
    """No envelope with this seal is in the published record."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "no-receipt"


class NotYours(DomainError):
    """The envelope has another alias than the one of whoever is signed in."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "alias"


class WrongCode(DomainError):
    """No letter in force has this code, or not for this vote."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "code"


class NotIdentified(DomainError):
    """The person may vote here, but must show who she is in this window first: her account alone is not enough."""

    status: ClassVar[int] = 403
    type: ClassVar[str] = "identify"


class TooManyTries(DomainError):
    """Too many wrong codes came from one network."""

    status: ClassVar[int] = 429
    type: ClassVar[str] = "tries"


class BadEnvelope(DomainError):
    """Malformed, of no contest, or its proof does not hold: no program of ours made it."""

    status: ClassVar[int] = 422
    type: ClassVar[str] = "envelope"


class CastRefused(DomainError):
    """A whole envelope that cannot be taken now."""

    status: ClassVar[int] = 409


class BaseOutdated(CastRefused):
    """Another envelope of the person came in between, or ``b`` lies beyond the record: seal again by ``base``."""

    type: ClassVar[str] = "base"

    def __init__(self, base: int) -> None:
        super().__init__("Another ballot was cast in this name in the meantime: seal again.")
        self.base = base


class OnPaper(CastRefused):
    """The person was given a paper ballot in this group; paper wins."""

    type: ClassVar[str] = "paper"


class Outranked(CastRefused):
    """A ballot stands that was cast with a stronger proof of identity than this one."""

    type: ClassVar[str] = "rank"


class NotSigned(CastRefused):
    """The officers of the desk let this envelope go: it was not cast."""

    type: ClassVar[str] = "not-signed"


class Repeated(CastRefused):
    """The envelope repeats a part of another one."""

    type: ClassVar[str] = "repeated"


class Closed(CastRefused):
    """The vote is over."""

    type: ClassVar[str] = "closed"


class NotOpen(CastRefused):
    """The vote has not begun."""

    type: ClassVar[str] = "not-open"


class Paused(CastRefused):
    """The vote is paused."""

    type: ClassVar[str] = "paused"


class Busy(DomainError):
    """Too many at once: come back in a moment. Whether an envelope was stored, sending it again tells."""

    status: ClassVar[int] = 503
    type: ClassVar[str] = "busy"
