"""Files of tables as rows of cells: XLSX (workbook.py), and CSV in the forms that spreadsheet programs write.

A cell with a formula counts with the value that was saved with it. Sizes are checked before anything is unpacked.
"""

import csv
import io
from collections.abc import Sequence

from pb_service.core.rounds.sheet_rows import MAX_ROWS, Cell
from pb_service.features.rounds.workbook import read_workbook

MAX_BYTES = 20_000_000
MAX_COLUMNS = 200
_DELIMITERS = ";\t,"


class Unreadable(ValueError):
    """The file is no table that we read. ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_sheet(body: bytes) -> list[Sequence[Cell]]:
    """Return the lines of a table, by its content and not by its name: of a workbook the first sheet. Raises
    Unreadable.
    """
    if len(body) > MAX_BYTES:
        raise Unreadable("too_large")
    if not body.strip():
        raise Unreadable("empty_file")
    return _workbook(body) if body.startswith(b"PK") else _comma_separated(body)


def _workbook(body: bytes) -> list[Sequence[Cell]]:
    reading = read_workbook(body, rows=MAX_ROWS + 1, columns=MAX_COLUMNS)
    if reading.refused:
        raise Unreadable(reading.refused)
    return list(reading.lines)


def _comma_separated(body: bytes) -> list[Sequence[Cell]]:
    if b"\0" in body:
        raise Unreadable("not_a_table")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", errors="replace")  # what spreadsheet programs write without being asked
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    lines: list[Sequence[Cell]] = []
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            lines.append(line)
            if len(lines) > MAX_ROWS + 1 or len(line) > MAX_COLUMNS:
                raise Unreadable("too_many_rows")
    except csv.Error:
        raise Unreadable("not_a_table") from None
    return lines
