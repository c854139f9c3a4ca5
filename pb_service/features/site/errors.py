"""What can be wrong with a request for a page about a round."""

from pb_service.platform.errors import DomainError


class EntryNotFound(DomainError):
    """The record has no entry with this number."""

    status = 404
    type = "entry-not-found"
