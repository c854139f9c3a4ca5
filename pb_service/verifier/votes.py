"""A `.pb` file of projects and ballots, read a second time: docs/rules.md says what a file's ballot means.

Only what the counting of it needs. Whatever is unclear is refused as unreadable, with its line; nothing is repaired.
"""

import csv
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pb_service.verifier.ballots import Ballot
from pb_service.verifier.findings import Unreadable

LARGEST = 64 * 1024 * 1024  # of the file unpacked
MEMBERS = 1000  # of a gzip file
PROJECTS = 20_000
FORMATS = {
    "approval": "approval",
    "choose-1": "approval",
    "cumulative": "points",
    "scoring": "scores",
    "ordinal": "ordinal",
}


@dataclass(frozen=True)
class Votes:
    """The election of a file: costs and budget as fractions of currency units, ballots by project number in the order
    of the file, each with its channel (`voting_method`) if the file has that column."""

    fmt: str
    ids: list[str]
    costs: list[Fraction]
    budget: Fraction
    ballots: list[Ballot]
    channels: list[str] | None


def read_votes(data: bytes, path: str) -> Votes:
    """The election of a `.pb` file, gzipped or not. Raises Unreadable."""
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(data, path)
    if len(data) > LARGEST:
        raise Unreadable("too_large_votes", path=path)
    return _Reader(data, path).read()


def _unpacked(data: bytes, path: str) -> bytes:
    """All members of a gzip file, one after the other, and no more of them than a file may be long."""
    parts: list[bytes] = []
    room = LARGEST + 1
    try:
        for _ in range(MEMBERS):
            unpack = zlib.decompressobj(wbits=31)
            parts.append(unpack.decompress(data, room))
            room -= len(parts[-1])
            data = unpack.unused_data
            if room <= 0 or (unpack.eof and not data):
                return b"".join(parts)
            if not unpack.eof:
                break
    except zlib.error as error:
        raise Unreadable("not_votes", path=path, line=0) from error
    raise Unreadable("not_votes", path=path, line=0)


class _Reader:
    def __init__(self, data: bytes, path: str) -> None:
        self.path = path
        # Decoded line by line: the whole text at once would take four times the room of the file.
        text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
        self.csv = csv.reader(text, delimiter=";", strict=True)
        self.numbers: dict[str, int] = {}

    def refuse(self) -> Unreadable:
        return Unreadable("not_votes", path=self.path, line=self.csv.line_num)

    def read(self) -> Votes:
        try:
            return self._read(row for row in self.csv if any(row))
        except (csv.Error, ValueError, KeyError, IndexError, ZeroDivisionError) as error:
            raise self.refuse() from error

    def _read(self, rows: Iterator[list[str]]) -> Votes:
        if next(rows, [""])[0].strip().upper() != "META":
            raise self.refuse()
        meta = {row["key"].strip(): row["value"].strip() for row in self._table(rows, "PROJECTS")}
        fmt = FORMATS[meta["vote_type"]]
        if meta.get("default_score", "0") not in ("", "0"):
            raise self.refuse()
        ids: list[str] = []
        costs: list[Fraction] = []
        for row in self._table(rows, "VOTES"):
            name = row["project_id"].strip()
            if not name or name in self.numbers or len(ids) == PROJECTS:
                raise self.refuse()
            self.numbers[name] = len(ids)
            ids.append(name)
            costs.append(_amount(row["cost"]))
        ballots, channels = [], []
        for row in self._table(rows, None):
            ballots.append(self._ballot(row["vote"], row.get("points", ""), fmt))
            channels.append(row.get("voting_method"))
        known = [channel.strip() for channel in channels if channel is not None]
        return Votes(fmt, ids, costs, _amount(meta["budget"]), ballots, known if len(known) == len(ballots) else None)

    def _table(self, rows: Iterator[list[str]], end: str | None) -> Iterator[dict[str, str]]:
        """The rows of a section by column name, up to the row that opens the next one."""
        columns = [column.strip() for column in next(rows)] if end else [c.strip() for c in next(rows, [])]
        if len(set(columns)) != len(columns):
            raise self.refuse()
        for row in rows:
            if end and row[0].strip().upper() == end and not any(row[1:]):
                return
            yield dict(zip(columns, [*row, *[""] * len(columns)], strict=False))
        if end:
            raise self.refuse()

    def _ballot(self, vote: str, points: str, fmt: str) -> Ballot:
        named = [self.numbers[name.strip()] for name in vote.split(",")] if vote.strip() else []
        if fmt == "ordinal":
            return list(dict.fromkeys(named))
        if fmt == "approval":
            return sorted(set(named))
        values = [_whole(part) for part in points.split(",")] if points.strip() else []
        given: dict[int, int] = dict.fromkeys(named, 0)
        for project, value in zip(named, values, strict=True):
            given[project] += value
        if fmt == "points" and min(given.values(), default=0) < 0:
            raise self.refuse()
        return [[project, given[project]] for project in sorted(given)]


def _amount(text: str) -> Fraction:
    """An amount of money: digits, and decimals behind a point."""
    whole, _, decimals = text.strip().partition(".")
    if not _digits(whole) or not (_digits(decimals) or not decimals):
        raise ValueError(text)
    return Fraction(int(whole)) + (Fraction(int(decimals), 10 ** len(decimals)) if decimals else 0)


def _whole(text: str) -> int:
    """A whole number, written with or without a point and zeros."""
    whole, _, decimals = text.strip().partition(".")
    if not _digits(whole.removeprefix("-")) or decimals.strip("0"):
        raise ValueError(text)
    return int(whole)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 30


def in_units(amount: Fraction, unit: int) -> int | None:
    """An amount in minor units; None if it is no whole number of these."""
    minor: Any = amount * unit
    return int(minor) if minor.denominator == 1 else None
