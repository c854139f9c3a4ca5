"""Time comes from outside: whoever needs it is given a clock."""

from collections.abc import Callable
from datetime import UTC, datetime

#: Returns the present moment in UTC, with its time zone set.
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)
