"""What may stand in a log."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

from pb_service.platform.errors import DomainError
from pb_service.platform.logs import configure, only_allowed, places_of_error


class OutOfPaper(DomainError):
    """An error of the tests."""


OutOfPaper.__module__ = "pb_service.tests"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is written meanwhile, by a process that has set up its log."""
    written = io.StringIO()
    before, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    with redirect_stderr(written):
        configure("info")
        yield written
    structlog.configure(**before)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_a_field_that_nobody_thought_about_is_not_logged() -> None:
    event = {"event": "signin.failed", "email": "matti@example.org", "status": 401}
    assert only_allowed(None, "info", event) == {"event": "signin.failed", "status": 401}


def test_an_error_is_told_by_kind_and_place_without_what_it_quotes() -> None:
    try:
        try:
            int("matti@example.org")
        except ValueError as error:
            raise KeyError("liisa@example.org") from error
    except KeyError as error:
        told = places_of_error(None, "error", {"exc_info": error})["exception"]
    assert [line for line in told.splitlines() if not line.startswith("  ")] == [
        "builtins.KeyError",
        "after",
        "builtins.ValueError",
    ]
    assert "test_logs.py" in told
    assert "example.org" not in told


def test_an_error_of_ours_is_told_with_its_words() -> None:
    event = places_of_error(None, "error", {"exc_info": OutOfPaper("the printer is empty")})
    assert event["exception"] == "pb_service.tests.OutOfPaper: the printer is empty"


def test_every_line_is_json_with_time_and_level(log: io.StringIO) -> None:
    structlog.get_logger().warning("printer.empty", error="no paper")
    line = json.loads(log.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "printer.empty", "level": "warning", "error": "no paper"}


def test_a_library_is_quoted_without_what_it_puts_into_its_sentence(log: io.StringIO) -> None:
    logging.getLogger("library").warning("user %s is unknown\nsecond line", "matti@example.org")
    logging.getLogger("library").info("too quiet to be heard")
    [line] = log.getvalue().splitlines()
    assert json.loads(line)["event"] == "library: user %s is unknown"


def test_what_is_bound_to_a_request_stands_on_its_lines_alone(log: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")
    assert [json.loads(line).get("request_id") for line in log.getvalue().splitlines()] == ["abc", None]
