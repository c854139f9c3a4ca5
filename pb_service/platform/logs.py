"""Logs: one line an event to standard error, and of its fields only those that were thought about."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

#: Fields that may be logged. Anything else is left out, so that no personal data gets in by accident.
ALLOWED = frozenset({"event", "level", "timestamp", "error", "path", "method", "status", "round", "size", "exception"})


def configure(level: str) -> None:
    """Set up logging for this process; ``level`` is the least serious one that is written."""
    # Libraries speak only when something is wrong.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            only_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def only_allowed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not allowed."""
    return {name: value for name, value in event.items() if name in ALLOWED}
