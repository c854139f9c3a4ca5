"""Election files at the command line: read no further than one may be long, and shown without harm to a terminal."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pb_service.core.tally.pabulib import MAX_BYTES, PabulibFile

_SHOWN_PROBLEMS = 20


def read_bytes(path: Path) -> bytes:
    """Return the file; of one that is longer than any may be, just enough to be refused.

    Raises OSError, at once also for what is no file: a pipe or a device could be waited for without end.
    """
    # Without O_NONBLOCK opening a pipe waits until somebody writes into it.
    with os.fdopen(
        os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb"
    ) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(None, "It is no regular file")
        return file.read(MAX_BYTES + 1)


def problem_lines(file: PabulibFile) -> Iterator[str]:
    """Yield what is odd in the rows of a file, a line each, and how many more there are."""
    for problem in file.problems[:_SHOWN_PROBLEMS]:
        yield f"{file.name}, line {problem.line}: {problem.text}"
    if len(file.problems) > _SHOWN_PROBLEMS:
        yield f"{file.name}: and {len(file.problems) - _SHOWN_PROBLEMS} more"


def printable(text: str) -> str:
    """Return foreign text on one line without control characters, which could rewrite what a terminal shows."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())
