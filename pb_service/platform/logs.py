"""Logs: one line of JSON an event to standard error, and of its fields only those that were thought about.

No address, name, token, or path with one gets in: fields are let through by name, a request is named by the template of
its route, and of an error only the kinds and places are written, unless its words are our own.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

#: Fields that may be logged. Anything else is left out, so that no personal data gets in by accident.
ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "alarm",
        "attempts",
        "error",
        "exception",
        "file",
        "job",
        "method",
        "ms",
        "request_id",
        "round",
        "route",
        "size",
        "status",
        "witness",
    }
)

Event = MutableMapping[str, Any]


def configure(level: str) -> None:
    """Set up logging for this process; ``level`` is the least serious one that is written."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            places_of_error,
            only_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Libraries speak only when something is wrong, and by the same rules.
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)


class _Libraries(logging.Handler):
    """What libraries log: their sentence without what they put into it, which may be anything."""

    def emit(self, record: logging.LogRecord) -> None:
        sentence = str(record.msg).partition("\n")[0]
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(record.levelno, f"{record.name}: {sentence}", exc_info=error)


def only_allowed(_logger: object, _method: str, event: Event) -> Event:
    """Drop every field that is not allowed."""
    return {name: value for name, value in event.items() if name in ALLOWED}


def places_of_error(_logger: object, _method: str, event: Event) -> Event:
    """Put the error of ``exc_info`` into the field ``exception``: kinds and places, with words only if they are ours.

    What others say about an error quotes what was being worked on: a value, a row, a reader's address.
    """
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_told(error))
    return event


def _told(error: BaseException | None) -> list[str]:
    lines: list[str] = []
    while error is not None:
        kind = type(error)
        ours = kind.__module__.startswith("pb_service.")
        lines += [f"{kind.__module__}.{kind.__qualname__}" + (f": {error}" if ours else "")]
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        lines += ["after"] if error is not None else []
    return lines
