"""Reading and writing Pabulib's ``.pb`` files, plain or gzipped.

Source: Faliszewski et al., "Participatory Budgeting: Data, Tools, and Analysis" (arXiv 2305.11035). UTF-8, ``;``
between fields, RFC 4180 quotes, sections META, PROJECTS and VOTES, each with a header row; columns in any order; ids
are text.

What makes a file unreadable raises PabulibError at once. What is wrong with single rows is collected in ``problems``,
so that a person can see all of it before anything is imported; a count refuses only where a row cannot be understood.
"""

import codecs
import csv
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from io import BytesIO, StringIO, TextIOWrapper
from typing import Literal

from pb_service.core.rounds.documents import Ballot, BallotFormat, CategoryLimit, Limits
from pb_service.core.tally.instance import MAX_INTEGER, Instance, Project

#: Far beyond any election on record; they keep a hostile file from taking the machine.
MAX_BYTES = 64 * 1024 * 1024
MAX_LINES = 1_200_000
MAX_LINE_BYTES = 1024 * 1024
MAX_PROJECTS = 20_000
MAX_NAMED = 1_000
MAX_META = 1_000
MAX_COLUMNS = 1_000
MAX_GZIP_MEMBERS = 1_000
#: Rows that cannot be understood, after which nobody would read on; and odd ones, after which no more are listed.
MAX_FAULTS = 1_000
MAX_ODD = 100_000
MAX_DECIMALS = 6

_FORMATS: dict[str, BallotFormat] = {
    "approval": "approval",
    "choose-1": "approval",
    "cumulative": "points",
    "scoring": "scores",
    "ordinal": "ordinal",
}
_SECTIONS = ("META", "PROJECTS", "VOTES")
_MONEY = re.compile(r"([0-9]+)(?:\.([0-9]*))?", re.ASCII)
_INTEGER = re.compile(r"(-?[0-9]{1,15})(?:\.0*)?", re.ASCII)
#: Few enough digits that no sum over a file's ballots leaves the integers of canonical JSON.
_POINTS = re.compile(r"(-?[0-9]{1,9})(?:\.0*)?", re.ASCII)
_DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?", re.ASCII)
#: What META may limit by a number that is never negative; of scores, negative ones are as good as others.
_COUNTS = ("min_length", "max_length", "max_length_per_category", "min_sum_points", "max_sum_points")
_COUNTS_OF_POINTS = ("min_points", "max_points")

ProblemCode = Literal[
    "columns",
    "project_id",
    "project_cost",
    "project_selected",
    "project_place",
    "limit",
    "voter_id",
    "unknown_project",
    "repeated_project",
    "points",
    "rows",
]
#: With these the ballots can be counted all the same: a project named twice counts once, and the rows are what counts.
_HARMLESS: frozenset[ProblemCode] = frozenset(
    {"repeated_project", "voter_id", "rows", "project_selected", "project_place", "limit"}
)


#: What keeps a file from being read at all; what a translated sentence hangs on. Of single rows `ProblemCode` tells.
FileFault = Literal["size", "encoding", "text", "packed", "form", "vote_type", "budget", "row"]


class PabulibError(ValueError):
    """The file cannot be read. ``line`` counts from 1; 0 means the file as a whole."""

    def __init__(self, file: str, line: int, sentence: str, fault: FileFault | None = None) -> None:
        super().__init__(f"{file}, line {line}: {sentence}" if line else f"{file}: {sentence}")
        self.file, self.line, self.sentence, self.fault = file, line, sentence, fault


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Something wrong with one row; ``text`` is a sentence in English, ``code`` what a translated one hangs on."""

    line: int
    code: ProblemCode
    text: str


@dataclass(frozen=True, slots=True)
class PabulibProject:
    """A row of PROJECTS. ``cost`` is in minor units; ``columns`` holds every column as it stands in the file."""

    id: str
    cost: int
    name: str
    categories: tuple[str, ...]
    targets: tuple[str, ...]
    latitude: str
    longitude: str
    selected: int | None
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class PabulibFile:
    """A ``.pb`` file. ``unit`` minor units make one currency unit: 100, or more if the file needs more decimals."""

    name: str
    meta: dict[str, str]
    unit: int
    budget: int
    fmt: BallotFormat
    limits: Limits
    projects: tuple[PabulibProject, ...]
    project_columns: tuple[str, ...]
    #: Ballots in the order of the file, in the form of bundle.md section 6.
    ballots: list[Ballot]
    vote_columns: tuple[str, ...]
    vote_rows: list[list[str]]
    problems: list[RowProblem]

    @property
    def currency(self) -> str:
        return self.meta.get("currency", "")

    @property
    def language(self) -> str:
        return self.meta.get("language", "")

    @property
    def threshold(self) -> int | None:
        """The least score that the city asked of a project, if it did."""
        match = _INTEGER.fullmatch(self.meta.get("min_project_score_threshold", ""))
        return int(match[1]) if match else None

    def sorted_ballots(self) -> list[Ballot]:
        """Return the ballots in the order of bundle.md section 6, which says nothing about when they were cast."""
        return sorted(self.ballots)

    def instance(self, contest: str = "", *, with_channels: bool = False) -> Instance:
        """Return the election for the tally, under the id of a contest if it has one.

        ``with_channels``: with the channel of each ballot, as the column ``voting_method`` has it. Raises PabulibError
        at the first row that cannot be understood.
        """
        for problem in self.problems:
            if problem.code not in _HARMLESS:
                raise PabulibError(self.name, problem.line, problem.text)
        projects = [Project(project.id, project.cost) for project in self.projects]
        channels: list[str] | None = None
        if with_channels and "voting_method" in self.vote_columns:
            column = self.vote_columns.index("voting_method")
            channels = [row[column].strip() for row in self.vote_rows]
        return Instance(projects, self.budget, self.fmt, self.ballots, self.unit, contest=contest, channels=channels)

    def with_selected(self, winners: Iterable[str]) -> "PabulibFile":
        """Return the same file with the column ``selected`` saying which projects (by id) won."""
        won = set(winners)
        projects = tuple(
            replace(
                project,
                selected=int(project.id in won),
                columns={**project.columns, "selected": str(int(project.id in won))},
            )
            for project in self.projects
        )
        columns = self.project_columns
        return replace(
            self, projects=projects, project_columns=columns if "selected" in columns else (*columns, "selected")
        )


def read_pabulib(data: bytes, *, name: str) -> PabulibFile:
    """Read a ``.pb`` file, gzipped or not; ``name`` is used in messages. Raises PabulibError."""
    return _Reader(name, _plain(data, name)).read()


def write_pabulib(file: PabulibFile) -> bytes:
    """Return the file as UTF-8 with LF line ends; reading it gives the same election."""
    return _compose(
        file.meta,
        file.project_columns,
        ([project.columns.get(column, "") for column in file.project_columns] for project in file.projects),
        file.vote_columns,
        file.vote_rows,
    )


def compose_pabulib(
    meta: Mapping[str, str], projects: Sequence[Mapping[str, str]], votes: Sequence[Mapping[str, str]]
) -> bytes:
    """Return a ``.pb`` file made of rows by column name; the first row of each table names its columns."""
    project_columns = list(projects[0]) if projects else ["project_id", "cost"]
    vote_columns = list(votes[0]) if votes else ["voter_id", "vote"]
    return _compose(
        meta,
        project_columns,
        ([row[column] for column in project_columns] for row in projects),
        vote_columns,
        ([row[column] for column in vote_columns] for row in votes),
    )


def _compose(
    meta: Mapping[str, str],
    project_columns: Sequence[str],
    projects: Iterable[Sequence[str]],
    vote_columns: Sequence[str],
    votes: Iterable[Sequence[str]],
) -> bytes:
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    out.write("META\nkey;value\n")
    writer.writerows(meta.items())
    out.write("PROJECTS\n")
    writer.writerow(project_columns)
    writer.writerows(projects)
    out.write("VOTES\n")
    writer.writerow(vote_columns)
    writer.writerows(votes)
    return out.getvalue().encode()


def _plain(data: bytes, name: str) -> bytes:
    """Return the file unpacked, surely UTF-8 and without NUL bytes."""
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(data, name)
    if len(data) > MAX_BYTES:
        raise PabulibError(name, 0, f"The file is larger than {MAX_BYTES // 2**20} MiB.", "size")
    if max(data.count(b"\n"), data.count(b"\r")) > MAX_LINES:
        raise PabulibError(name, 0, f"The file has more than {MAX_LINES:,} lines.", "size")
    _check_line_lengths(data, name)
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise PabulibError(name, 1, "The file is encoded in UTF-16 and not in UTF-8.", "encoding")
    nul = data.find(b"\0")
    if nul >= 0:
        line = data.count(b"\n", 0, nul) + 1
        raise PabulibError(name, line, "The file holds a NUL byte; it is no text file.", "text")
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), MAX_LINE_BYTES):  # in pieces: the whole text at once would take much room
        end = start + MAX_LINE_BYTES
        try:
            decoder.decode(data[start:end], final=end >= len(data))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, start + error.start) + 1
            raise PabulibError(name, line, "The file is not encoded in UTF-8.", "encoding") from None
    return data


def _unpacked(data: bytes, name: str) -> bytes:
    """Return what all members of a gzip file hold, but no more than just too much."""
    parts: list[bytes] = []
    room, members, at, waiting = MAX_BYTES + 1, 0, 0, b""
    while room > 0 and (waiting or at < len(data)):
        members += 1
        if members > MAX_GZIP_MEMBERS:
            raise PabulibError(name, 0, "The gzip file is made of too many parts.", "packed")
        unpack = zlib.decompressobj(wbits=31)
        while not unpack.eof and room > 0:
            # In small bites: what is left of one after the end of a member is copied.
            if not waiting:
                waiting, at = data[at : at + 65536], at + 65536
            if not waiting:
                raise PabulibError(name, 0, "The gzip file is cut short.", "packed")
            try:
                parts.append(unpack.decompress(waiting, room))
            except zlib.error:
                raise PabulibError(name, 0, "The file is not a valid gzip file.", "packed") from None
            room -= len(parts[-1])
            waiting = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
    return b"".join(parts)


def _check_line_lengths(data: bytes, name: str) -> None:
    start = 0
    while len(data) - start > MAX_LINE_BYTES:
        end = start + MAX_LINE_BYTES
        start = max(data.rfind(b"\n", start, end), data.rfind(b"\r", start, end)) + 1
        if start == 0 or start <= end - MAX_LINE_BYTES:
            line = data.count(b"\n", 0, end - MAX_LINE_BYTES) + 1
            raise PabulibError(name, line, f"The line is longer than {MAX_LINE_BYTES // 2**20} MiB.", "size")


class _Reader:
    """Reads the three sections in turn; holds what they share: the rows, the line number and the problems."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        text = TextIOWrapper(BytesIO(data), encoding="utf-8-sig", newline="")
        self.csv = csv.reader(text, delimiter=";", strict=True)
        self.problems: list[RowProblem] = []
        self.faults = 0
        self.lines: dict[str, int] = {}

    def error(self, sentence: str, line: int | None = None, fault: FileFault = "form") -> PabulibError:
        return PabulibError(self.name, self.csv.line_num if line is None else line, sentence, fault)

    def problem(self, code: ProblemCode, text: str, line: int | None = None) -> None:
        at = self.csv.line_num if line is None else line
        if code not in _HARMLESS:
            self.faults += 1
            if self.faults > MAX_FAULTS:
                raise PabulibError(
                    self.name, at, f"{text} More than {MAX_FAULTS:,} rows before cannot be understood either."
                )
        elif len(self.problems) - self.faults >= MAX_ODD:
            return
        self.problems.append(RowProblem(at, code, text))

    def rows(self) -> Iterator[list[str]]:
        """Yield the rows that are not empty."""
        try:
            for row in self.csv:
                if any(row):
                    yield row
        except csv.Error as error:
            raise self.error(f"The row cannot be read: {error}.", fault="row") from None

    def section(self, rows: Iterator[list[str]], end: str | None) -> Iterator[list[str]]:
        """Yield rows until the one that opens the section ``end``."""
        for row in rows:
            if end is not None and row[0].strip().upper() == end and not any(row[1:]):
                return
            yield row
        if end is not None:
            raise self.error(f"There is no section {end}.", 0)

    def header(self, section: str, rows: Iterator[list[str]], required: Sequence[str]) -> list[str]:
        columns = [column.strip() for column in next(rows, [])]
        if len(columns) > MAX_COLUMNS:
            raise self.error(f"The section {section} has more than {MAX_COLUMNS:,} columns.")
        self.lines[section] = self.csv.line_num
        for column in required:
            if column not in columns:
                raise self.error(f"The section {section} has no column {column!r}.")
        if len(set(columns)) != len(columns):
            raise self.error(f"The section {section} has two columns of the same name.")
        return columns

    def read(self) -> PabulibFile:
        rows = self.rows()
        first = next(rows, None)
        if first is None:
            raise self.error("The file is empty.", 0)
        if first[0].strip().upper() != "META":
            raise self.error("A .pb file begins with the section META.")
        meta = self.read_meta(self.section(rows, "PROJECTS"))
        vote_type = meta.get("vote_type", "")
        if vote_type not in _FORMATS:
            raise self.error(
                f"The vote_type {vote_type[:40]!r} is not one of {', '.join(_FORMATS)}.",
                self.lines.get("meta:vote_type", 0),
                "vote_type",
            )
        if meta.get("default_score", "0") not in ("", "0"):
            raise self.error(
                "A default_score other than 0 is not supported.", self.lines["meta:default_score"], "vote_type"
            )
        project_columns, project_rows = self.read_projects(self.section(rows, "VOTES"))
        unit, budget, costs = self.money(meta, [(line, row.get("cost", "")) for line, row in project_rows])
        projects = tuple(self.project(line, row, cost) for (line, row), cost in zip(project_rows, costs, strict=True))
        fmt = _FORMATS[vote_type]
        vote_columns, vote_rows, ballots = self.read_votes(self.section(rows, None), projects, fmt)
        for key, count in (("num_projects", len(projects)), ("num_votes", len(ballots))):
            if key in meta and meta[key].strip() != str(count):
                text = f"META says {key} is {meta[key]}, but the file has {count} rows."
                self.problem("rows", text, self.lines[f"meta:{key}"])
        for key in (*_COUNTS, *(() if vote_type == "scoring" else _COUNTS_OF_POINTS)):
            if meta.get(key, "").startswith("-"):
                text = f"META says {key} is {meta[key][:40]!r}; a limit below 0 is left out."
                self.problem("limit", text, self.lines[f"meta:{key}"])
        self.problems.sort(key=lambda problem: problem.line)
        limits = _limits(meta, vote_type, unit, projects)
        return PabulibFile(
            name=self.name,
            meta=meta,
            unit=unit,
            budget=budget,
            fmt=fmt,
            limits=limits,
            projects=projects,
            project_columns=tuple(project_columns),
            ballots=ballots,
            vote_columns=tuple(vote_columns),
            vote_rows=vote_rows,
            problems=self.problems,
        )

    def read_meta(self, rows: Iterator[list[str]]) -> dict[str, str]:
        self.header("META", rows, ("key", "value"))
        meta: dict[str, str] = {}
        for row in rows:
            key = row[0].strip()
            if len(row) != 2 or not key:
                raise self.error("A row of META must be a key and a value.")
            if key in meta:
                raise self.error(f"META names {key[:40]!r} twice.")
            if len(meta) == MAX_META:
                raise self.error(f"META has more than {MAX_META:,} rows.")
            meta[key] = row[1].strip()
            self.lines[f"meta:{key}"] = self.csv.line_num
        if "budget" not in meta:
            raise self.error("META has no budget.", self.lines["META"], "budget")
        return meta

    def read_projects(self, rows: Iterator[list[str]]) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
        columns = self.header("PROJECTS", rows, ("project_id", "cost"))
        found: list[tuple[int, dict[str, str]]] = []
        seen: set[str] = set()
        for row in rows:
            if len(found) == MAX_PROJECTS:
                raise self.error(f"There are more than {MAX_PROJECTS:,} projects.", fault="size")
            if len(row) != len(columns):
                self.problem("columns", f"The row has {len(row)} fields, but the header {len(columns)}.")
            record = dict(zip(columns, [*row, *[""] * len(columns)], strict=False))
            number = record["project_id"] = record["project_id"].strip()
            if not number or len(number) > 200 or "," in number:
                self.problem("project_id", "The project has no usable id (1 to 200 characters without a comma).")
            elif number in seen:
                self.problem("project_id", f"Project {number!r} occurs twice.")
            seen.add(number)
            found.append((self.csv.line_num, record))
        return columns, found

    def money(self, meta: dict[str, str], costs: list[tuple[int, str]]) -> tuple[int, int, list[int]]:
        """Return the unit, and budget and costs in it. A cost that is no amount of money becomes 0 and a problem."""
        parsed = [_MONEY.fullmatch(text.strip()) for _, text in costs]
        budget = _MONEY.fullmatch(meta["budget"])
        line = self.lines["meta:budget"]
        if budget is None:
            raise self.error(f"The budget {meta['budget'][:40]!r} is not an amount of money.", line, "budget")
        keys = [meta[key] for key in ("min_sum_cost", "max_sum_cost") if key in meta]
        further = [_MONEY.fullmatch(text) for text in keys]
        decimals = max((len((m[2] or "").rstrip("0")) for m in (budget, *parsed, *further) if m), default=0)
        if decimals > MAX_DECIMALS:
            raise self.error(f"An amount of money has more than {MAX_DECIMALS} decimals.", line, "budget")
        unit: int = 10 ** max(2, decimals)
        total = _minor(budget, unit)
        if total is None:
            raise self.error("The budget is too large to be counted exactly.", line, "budget")
        amounts: list[int] = []
        for (at, text), match in zip(costs, parsed, strict=True):
            amount = _minor(match, unit)
            if not amount:
                self.problem("project_cost", f"The cost {text[:40]!r} is not an amount of money above 0.", at)
            amounts.append(amount or 0)
        return unit, total, amounts

    def project(self, line: int, row: dict[str, str], cost: int) -> PabulibProject:
        selected = row.get("selected", "").strip()
        if selected and selected not in ("0", "1", "2", "3"):
            text = f"The value {selected[:40]!r} of the column selected is not 0, 1, 2 or 3."
            self.problem("project_selected", text, line)
            selected = ""
        place = row.get("latitude", "").strip(), row.get("longitude", "").strip()
        if any(place) and not _is_place(*place):
            text = f"The place {place[0][:40]!r}, {place[1][:40]!r} is not a latitude and a longitude; it is left out."
            self.problem("project_place", text, line)
            place = "", ""
        return PabulibProject(
            id=row["project_id"],
            cost=cost,
            name=row.get("name", "").strip(),
            categories=_items(row.get("category", "")),
            targets=_items(row.get("beneficiaries", row.get("target", ""))),
            latitude=place[0],
            longitude=place[1],
            selected=int(selected) if selected else None,
            columns=row,
        )

    def read_votes(
        self, rows: Iterator[list[str]], projects: Sequence[PabulibProject], fmt: BallotFormat
    ) -> tuple[list[str], list[list[str]], list[Ballot]]:
        paired = fmt in ("points", "scores")
        columns = self.header("VOTES", rows, ("voter_id", "vote", *(["points"] if paired else [])))
        numbers = {project.id: number for number, project in enumerate(projects)}
        voter, vote = columns.index("voter_id"), columns.index("vote")
        points = columns.index("points") if paired else -1
        width = len(columns)
        #: Most ballots repeat one that was seen; only clean ones are remembered, so that each problem keeps its line.
        known: dict[tuple[str, str], Ballot] = {}
        voters: set[str] = set()
        found: list[list[str]] = []
        ballots: list[Ballot] = []
        for fields in rows:
            row = fields
            if len(row) != width:
                self.problem("columns", f"The row has {len(row)} fields, but the header {width}.")
                row = [*row, *[""] * width][:width]
            if row[voter] in voters:
                self.problem("voter_id", f"The voter {row[voter][:40]!r} occurs twice.")
            voters.add(row[voter])
            key = (row[vote], row[points] if paired else "")
            ballot = known.get(key)
            if ballot is None:
                before = len(self.problems)
                ballot = self.ballot(key[0], key[1], numbers, fmt)
                if len(self.problems) == before:
                    known[key] = ballot
            found.append(row)
            ballots.append(ballot)
        return columns, found, ballots

    def ballot(self, vote: str, points: str, numbers: Mapping[str, int], fmt: BallotFormat) -> Ballot:
        named: list[int] = []
        if vote.count(",") >= MAX_NAMED:
            raise self.error(f"The ballot names more than {MAX_NAMED:,} projects.", fault="size")
        for name in (part.strip() for part in vote.split(",")) if vote.strip() else ():
            if name not in numbers:
                self.problem("unknown_project", f"The ballot names the project {name[:40]!r}, which does not exist.")
                return []
            named.append(numbers[name])
        distinct = dict.fromkeys(named)
        if len(distinct) < len(named):
            self.problem("repeated_project", "The ballot names a project more than once; it counts as one vote.")
        if fmt == "ordinal":
            return list(distinct)
        if fmt == "approval":
            return sorted(distinct)
        values = [_POINTS.fullmatch(part.strip()) for part in points.split(",")] if points.strip() else []
        if len(values) != len(named) or None in values:
            self.problem("points", "The ballot does not give each project that it names one whole number of points.")
            return []
        given = dict.fromkeys(named, 0)  # points given to one project in several places add up, as cities count them
        for number, value in zip(named, values, strict=True):
            given[number] += int(value[1]) if value else 0
        if fmt == "points" and min(given.values(), default=0) < 0:
            self.problem("points", "The ballot gives a project negative points.")
            return []
        return [[number, given[number]] for number in sorted(given)]


def _minor(match: re.Match[str] | None, unit: int) -> int | None:
    """Return an amount of money in minor units, or None if it is none or too large."""
    if match is None or len(match[1].lstrip("0")) > 15:
        return None
    digits = len(str(unit)) - 1
    amount = int(match[1]) * unit + int((match[2] or "").rstrip("0").ljust(digits, "0"))
    return amount if amount <= MAX_INTEGER else None


def _is_place(latitude: str, longitude: str) -> bool:
    """Say whether these are decimal degrees, as bundle.md section 5 writes them."""
    if not (_DEGREES.fullmatch(latitude) and _DEGREES.fullmatch(longitude)):
        return False
    return abs(Decimal(latitude)) <= 90 and abs(Decimal(longitude)) <= 180


def _items(text: str) -> tuple[str, ...]:
    return tuple(item for part in text.split(",") if (item := part.strip()) and item != "None")


def _limits(meta: Mapping[str, str], vote_type: str, unit: int, projects: Sequence[PabulibProject]) -> Limits:
    """Return what META says a ballot may hold, in the terms of bundle.md section 4."""
    limits: Limits = {}

    def whole(key: str) -> int | None:
        match = _INTEGER.fullmatch(meta.get(key, ""))
        return int(match[1]) if match else None

    def count(key: str) -> int | None:
        value = whole(key)
        return None if value is None or value < 0 else value

    def amount(key: str) -> int | None:
        return _minor(_MONEY.fullmatch(meta.get(key, "")), unit)

    values: dict[str, int | None] = {"kmin": count("min_length"), "k": count("max_length")}
    if vote_type == "choose-1":
        values |= {"kmin": 1, "k": 1}
    values |= {"costmin": amount("min_sum_cost"), "cost": amount("max_sum_cost")}
    if vote_type == "cumulative":
        values |= {"summin": count("min_sum_points"), "sum": count("max_sum_points")}
        values |= {"eachmin": count("min_points"), "each": count("max_points")}
    if vote_type == "scoring":
        values |= {"smin": whole("min_points"), "smax": whole("max_points")}
    for name, value in values.items():
        if value is not None:
            limits[name] = value  # type: ignore[literal-required]
    if limits.get("kmin") == 0:
        del limits["kmin"]
        limits["blank"] = True
    categories = _category_limits(meta, unit, projects)
    if categories:
        limits["cats"] = categories
    return limits


def _category_limits(meta: Mapping[str, str], unit: int, projects: Sequence[PabulibProject]) -> list[CategoryLimit]:
    names = _items(meta.get("categories", ""))
    sums = meta.get("max_sum_cost_per_category", "").split(",")
    length = _INTEGER.fullmatch(meta.get("max_length_per_category", ""))
    found: list[CategoryLimit] = []
    for place, name in enumerate(names):
        limit: CategoryLimit = {"i": [n for n, project in enumerate(projects) if name in project.categories]}
        if length and int(length[1]) >= 0:
            limit["k"] = int(length[1])
        most = _minor(_MONEY.fullmatch(sums[place].strip()), unit) if len(sums) == len(names) else None
        if most is not None:
            limit["cost"] = most
        if limit["i"] and len(limit) > 1:
            found.append(limit)
    return found
