"""Who voted, in numbers: by district, hour and channel, from the record alone, so that anybody gets the same.

A person counts where what counts of theirs counts (docs/protocol.md section 7): the contest and the class of the
envelope, or paper. The hour is that of the last mark of time before it in the record (``vote.hour``), no finer. Only
after the close: before it nothing of this exists.

Small numbers could tell of a person. Of hours, and of channels, every number below `LEAST` is left out, and further
ones, in a fixed order, until what is missing cannot be had by taking the rest from the total (`hides`). This is for
pages and tables: the record itself bears the channel of every entry, under an alias. No table crosses another. What a
district has stands in its result, so districts are shown as they are.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pb_service.core.record.canonical import b64u, encode, unb64u
from pb_service.core.record.entries import Entry, parse
from pb_service.core.sealing.election import RANKS
from pb_service.core.sealing.manifest import Manifest

#: Numbers below this are not shown.
LEAST: Final = 10
#: The kind of the record's marks of time while a vote is open.
HOUR_MARK: Final = "vote.hour"
PAPER: Final = "paper"
#: Channels in the order in which they are shown.
CHANNELS: Final = ("idt", "code", "acct", "desk", PAPER)
_HOUR = 3600
_KINDS = (b'"k":"env"', b'"k":"paper"', b'"k":"strike"', b'"k":"vote.hour"', b'"k":"close"')

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class _Cast:
    index: int
    rank: int
    contest: str
    channel: str
    hour: int | None


@dataclass
class Turnout:
    """The numbers as they are, nothing left out yet. Hours are seconds since 1970, None before the first mark."""

    districts: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    hours: Counter[int | None] = field(default_factory=Counter)
    #: Whose they are: group and alias of each, of the record too. No part of the document.
    people: list[tuple[str, bytes]] = field(default_factory=list, repr=False)

    @property
    def total(self) -> int:
        """How many voted."""
        return sum(self.districts.values())


def turnout_of(bodies: Iterable[bytes], manifest: Manifest) -> Turnout:
    """Return the turnout of a closed vote from the entries of its record. Raises ValueError before the close."""
    cast: dict[tuple[str, str], list[_Cast]] = {}
    struck: set[int] = set()
    hour: int | None = None
    is_closed = False
    for index, body in enumerate(bodies):
        if not any(kind in body for kind in _KINDS):
            continue
        entry = parse(body)
        match entry.kind:
            case "env" | "paper":
                key, item = _read(entry, index, hour, manifest)
                cast.setdefault(key, []).append(item)
            case "strike":
                struck.add(entry.fields["x"])
            case "close":
                is_closed = True
            case kind if kind == HOUR_MARK:
                hour = entry.fields["t"] // _HOUR * _HOUR
            case _:
                pass
    if not is_closed:
        raise ValueError("the vote is not closed: of a running vote there are no totals")
    found = Turnout()
    for (group, alias), items in cast.items():
        remaining = [item for item in items if item.index not in struck]
        if remaining:
            counts = max(remaining, key=lambda item: (item.rank, item.index))
            found.districts[counts.contest] += 1
            found.channels[counts.channel] += 1
            found.hours[counts.hour] += 1
            found.people.append((group, unb64u(alias, 32)))
    return found


def document(found: Turnout, manifest: Manifest) -> bytes:
    """Return the turnout as published: canonical JSON, numbers that are left out without ``n``."""
    channels = shown(found.channels)
    hours = shown(found.hours)
    body: dict[str, Any] = {
        "v": 1,
        "e": b64u(manifest.eid),
        "least": LEAST,
        "total": found.total,
        "districts": [{"id": contest, "n": found.districts[contest]} for contest in manifest.contests],
        "channels": [_cell({"channel": name}, channels[name]) for name in CHANNELS if name in channels],
        "hours": [
            _cell({} if hour is None else {"t": hour}, hours[hour])
            for hour in sorted(hours, key=lambda hour: -1 if hour is None else hour)
        ],
    }
    return encode(body)


def shown(cells: Mapping[K, int]) -> dict[K, int | None]:
    """Return the numbers that may be shown, None for those left out. Nobody at all may always be said.

    What is left out beside the small ones goes by its name, never by its size: of the next larger one it would be known
    that it is no larger than those that are shown, and that can be enough to work the small one out.
    """
    hidden = {key for key, number in cells.items() if 0 < number < LEAST}
    rest = sorted((key for key, number in cells.items() if number >= LEAST), key=str, reverse=True)
    while hidden and rest and not hides([cells[key] for key in hidden]):
        hidden.add(rest.pop(0))
    return {key: None if key in hidden else number for key, number in cells.items()}


def hides(numbers: Collection[int], least: int = LEAST) -> bool:
    """Whether the sum of numbers that are left out leaves open what each of them is.

    One must be large: of small ones alone a large sum tells each, as three below ten that come to 27. And together they
    must come to more than the least that so many can, or each would be known to be least.
    """
    return any(number >= least for number in numbers) and sum(numbers) >= 2 * least + len(numbers)


def _read(entry: Entry, index: int, hour: int | None, manifest: Manifest) -> tuple[tuple[str, str], _Cast]:
    fields = entry.fields
    key = (manifest.contests[fields["d"]].group, fields["a"])
    if entry.kind == "paper":
        return key, _Cast(index, max(RANKS.values()) + 1, fields["d"], PAPER, hour)
    return key, _Cast(index, RANKS[fields["y"]], fields["d"], fields["y"], hour)


def _cell(named: dict[str, Any], number: int | None) -> dict[str, Any]:
    return named if number is None else {**named, "n": number}
