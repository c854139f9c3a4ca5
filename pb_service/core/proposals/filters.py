"""Finding one's way in a round's proposals: filters, what each of them would leave, and the orders of the list."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from pb_service.core.proposals.order import drawn, is_draw, title_key
from pb_service.core.proposals.states import State

#: States as readers choose among them.
Group = Literal["published", "assessed", "on_ballot", "not_going_on", "merged", "withdrawn"]
GROUPS: tuple[Group, ...] = get_args(Group)

_GROUP_OF: Mapping[State, Group] = {
    "published": "published",
    "assessed": "assessed",
    "on_ballot": "on_ballot",
    "rejected": "not_going_on",
    "infeasible": "not_going_on",
    "merged": "merged",
    "split": "merged",
    "withdrawn": "withdrawn",
}

#: What is shown to who has not chosen any states: proposals that go on.
GOING_ON: frozenset[Group] = frozenset({"published", "assessed", "on_ballot"})

#: ``drawn`` favours nobody; ``match`` is for a search alone; ``number`` for programs.
Sort = Literal["drawn", "match", "newest", "title", "cheapest", "dearest", "supported", "number"]
SORTS: tuple[Sort, ...] = get_args(Sort)

PAGE = 24
#: How many can be looked at side by side, and how many one device may save.
MOST_COMPARED, MOST_SAVED = 3, 100

#: What a proposal without a district, theme or cost is filtered by.
NONE = "none"

_LONGEST_SEARCH = 100
_COSTS = re.compile(r"([0-9]{1,15})-([0-9]{1,15})?")
_NICE = (1, 2, 5)


class Line(NamedTuple):
    """What filters and orders need of a public proposal. ``cost`` is the published one, else what its author guessed.

    Money is in minor units.
    """

    id: UUID
    number: int
    state: State
    district: str | None
    theme: str | None
    language: str
    title: str
    cost: int | None
    at: datetime


@dataclass(frozen=True)
class Wanted:
    """What a reader asked for in the address of the list. ``numbers``: these proposals alone, whatever their state.

    ``costs`` are ranges in minor units such as ``2000000-5000000`` (from, included, to, not included; without an upper
    end open above), or ``none``.
    """

    words: str = ""
    districts: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    costs: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    sort: Sort = "drawn"
    draw: str = ""
    page: int = 1
    numbers: tuple[int, ...] = ()

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or self.districts or self.themes or self.costs or self.groups)

    @property
    def needs_draw(self) -> bool:
        """Whether the order depends on a draw that the address does not hold yet."""
        return self.sort == "drawn" and not self.numbers and not is_draw(self.draw)


def wanted(asked: Iterable[tuple[str, str]]) -> Wanted:
    """Read the names and values of an address. What makes no sense is left out, so no old link ends in an error."""
    given: dict[str, list[str]] = {}
    for name, value in asked:
        given.setdefault(name, []).append(value.replace("\0", "").strip())
    words = " ".join(_first(given, "q").split())[:_LONGEST_SEARCH]
    sort = next((sort for sort in SORTS if sort == _first(given, "sort")), "match" if words else "drawn")
    page, draw = _first(given, "page"), _first(given, "draw")
    return Wanted(
        words=words,
        districts=_several(given, "district"),
        themes=_several(given, "theme"),
        costs=tuple(cost for cost in _several(given, "cost") if cost == NONE or _COSTS.fullmatch(cost)),
        groups=tuple(group for group in GROUPS if group in given.get("state", ())),
        sort="drawn" if sort == "match" and not words else sort,
        draw=draw if is_draw(draw) else "",
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 and int(page) > 0 else 1,
        numbers=numbers(_first(given, "n")),
    )


def numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of proposals in a text such as ``3.17.5``, each once: at most as many as may be saved."""
    found = (int(part) for part in text.split(".") if part.isascii() and part.isdigit() and len(part) < 8)
    return tuple(dict.fromkeys(number for number in found if number > 0))[:MOST_SAVED]


def query(of: Wanted, **changes: object) -> list[tuple[str, str]]:
    """Return names and values of the address that asks for this, with some of it changed; without the page unless it
    is given."""
    asked = replace(of, **{"page": 1, **changes})  # type: ignore[arg-type] # names are checked by replace itself
    pairs = [("q", asked.words)] if asked.words else []
    pairs += [("district", value) for value in asked.districts]
    pairs += [("theme", value) for value in asked.themes]
    pairs += [("cost", value) for value in asked.costs]
    pairs += [("state", value) for value in asked.groups]
    pairs += [("sort", asked.sort)] if asked.sort != ("match" if asked.words else "drawn") else []
    pairs += [("n", ".".join(map(str, asked.numbers)))] if asked.numbers else []
    pairs += [("draw", asked.draw)] if asked.draw else []
    pairs += [("page", str(asked.page))] if asked.page > 1 else []
    return pairs


@dataclass(frozen=True)
class Found:
    """A page of the list. The counts say for each choice of a filter how many there are under the other filters."""

    total: int
    page: int
    pages: int
    lines: tuple[Line, ...]
    everything: tuple[Line, ...]
    districts: Mapping[str, int] = field(default_factory=dict)
    themes: Mapping[str, int] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[Group, int] = field(default_factory=dict)


def select(
    lines: Sequence[Line],
    asked: Wanted,
    *,
    matches: Mapping[int, float] | None = None,
    ranges: Sequence[str] = (),
    support: Mapping[UUID, int] | None = None,
    page_size: int = PAGE,
) -> Found:
    """Return the page asked for; a page beyond the last becomes the last. ``matches`` are the numbers that a search
    found, with how well each matches; ``ranges`` the ranges of cost on offer."""
    if asked.numbers:
        return _only(lines, asked)
    left, others = _sifted([line for line in lines if matches is None or line.number in matches], asked)
    ordered = _ordered(left, asked, matches or {}, support or {})
    pages = max(1, -(-len(ordered) // page_size))
    page = min(asked.page, pages)
    return Found(
        total=len(ordered),
        page=page,
        pages=pages,
        lines=tuple(ordered[(page - 1) * page_size : page * page_size]),
        everything=tuple(ordered),
        districts=Counter(line.district or NONE for line in others["districts"]),
        themes=Counter(line.theme or NONE for line in others["themes"]),
        costs=_cost_counts(others["costs"], ranges),
        groups=Counter(_GROUP_OF[line.state] for line in others["groups"]),
    )


def _sifted(lines: Sequence[Line], asked: Wanted) -> tuple[list[Line], dict[str, list[Line]]]:
    """Return the lines that pass every filter, and for each filter those that pass all the others: in one go."""
    districts, themes = frozenset(asked.districts), frozenset(asked.themes)
    costs = _ranges(asked.costs)
    states = frozenset(state for state, group in _GROUP_OF.items() if group in (asked.groups or GOING_ON))
    left: list[Line] = []
    others: dict[str, list[Line]] = {name: [] for name in ("districts", "themes", "costs", "groups")}
    for line in lines:
        failed = []
        if districts and (line.district or NONE) not in districts:
            failed.append("districts")
        if themes and (line.theme or NONE) not in themes:
            failed.append("themes")
        if asked.costs and not _costs(line.cost, costs, unknown=NONE in asked.costs):
            failed.append("costs")
        if line.state not in states:
            failed.append("groups")
        if not failed:
            left.append(line)
        elif len(failed) == 1:
            others[failed[0]].append(line)
    return left, {name: [*left, *more] for name, more in others.items()}


def _only(lines: Sequence[Line], asked: Wanted) -> Found:
    of = {line.number: line for line in lines}
    found = tuple(of[number] for number in asked.numbers if number in of)
    return Found(len(found), 1, 1, found, found)


def cost_ranges(costs: Collection[int], unit: int) -> list[str]:
    """Return up to three ranges that share out costs about evenly, with round ends: ``0-2000000`` and so on.

    Ends are 1, 2 or 5 times a power of ten of whole currency units.
    """
    known = sorted(costs)
    if len(known) < 3:
        return []
    ends = dict.fromkeys(_rounded(known[len(known) * part // 3], unit) for part in (1, 2))
    inner = [end for end in ends if known[0] < end <= known[-1]]
    starts = [0, *inner]
    return [f"{low}-{high or ''}" for low, high in zip(starts, [*inner, 0], strict=True)] if inner else []


def range_ends(cost: str) -> tuple[int, int | None]:
    """Return the ends of a range of costs. Raises ValueError for a text that is none."""
    found = _COSTS.fullmatch(cost)
    if not found:
        raise ValueError(f"{cost!r} is no range of costs")
    return int(found[1]), int(found[2]) if found[2] else None


def _rounded(amount: int, unit: int) -> int:
    step = unit
    while step * 10 <= amount:
        step *= 10
    return min((step * nice for nice in (*_NICE, 10)), key=lambda end: (abs(end - amount), end))


def _ranges(costs: Iterable[str]) -> list[tuple[int, int | None]]:
    return [range_ends(cost) for cost in costs if cost != NONE]


def _costs(cost: int | None, ranges: Iterable[tuple[int, int | None]], *, unknown: bool) -> bool:
    if cost is None:
        return unknown
    return any(low <= cost and (high is None or cost < high) for low, high in ranges)


def _cost_counts(lines: Sequence[Line], ranges: Sequence[str]) -> dict[str, int]:
    known = sorted(line.cost for line in lines if line.cost is not None)
    counts = {}
    for each, (low, high) in zip(ranges, _ranges(ranges), strict=True):
        counts[each] = (len(known) if high is None else bisect_left(known, high)) - bisect_left(known, low)
    unknown = len(lines) - len(known)
    return counts | ({NONE: unknown} if unknown else {})


def _ordered(
    lines: Sequence[Line], asked: Wanted, matches: Mapping[int, float], support: Mapping[UUID, int]
) -> list[Line]:
    if asked.sort == "drawn":
        of = {line.number: line for line in lines}
        return [of[number] for number in drawn(of, asked.draw)]
    keys: dict[Sort, Callable[[Line], tuple[object, ...]]] = {
        "match": lambda line: (-matches.get(line.number, 0),),
        "newest": lambda line: (-line.at.timestamp(),),
        "title": lambda line: (title_key(line.title),),
        "cheapest": lambda line: (line.cost is None, line.cost or 0),
        "dearest": lambda line: (line.cost is None, -(line.cost or 0)),
        "supported": lambda line: (-support.get(line.id, 0),),
        "number": lambda line: (line.number,),
    }
    key = keys[asked.sort]
    return sorted(lines, key=lambda line: (*key(line), line.number))


def _first(given: Mapping[str, Sequence[str]], name: str) -> str:
    return given[name][0] if given.get(name) else ""


def _several(given: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value[:100] for value in given.get(name, ()) if value))[:50]
