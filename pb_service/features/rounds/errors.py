"""What can be wrong with a round."""

from pb_service.platform.errors import DomainError


class RoundNotFound(DomainError):
    """There is no round of this name, or it is not published."""

    status = 404
    type = "round-not-found"


class RoundExists(DomainError):
    """A round of this name is there already."""

    status = 409
    type = "round-exists"
