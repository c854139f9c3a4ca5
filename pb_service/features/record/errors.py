"""What can go wrong with the public record."""

from typing import ClassVar

from pb_service.platform.errors import DomainError


class InvalidLogName(DomainError):
    """The log's address or origin cannot be used in paths and checkpoints."""

    type: ClassVar[str] = "invalid-log-name"


class UnknownRecordFile(DomainError):
    """No file with this hash is kept (any more)."""

    status: ClassVar[int] = 404
    type: ClassVar[str] = "unknown-record-file"


class RecordConflict(RuntimeError):
    """What was published and what the database holds contradict each other: nothing more is signed.

    This is an incident that people must decide, not something to retry: going on could show different records to
    different people.
    """


class HeadMoved(RuntimeError):
    """Another sequencer has moved the head of the log in the meantime; the next run starts from there."""
