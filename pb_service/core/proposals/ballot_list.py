"""The ballot list: what stands on the ballots of a round, what it still lacks, and the document that two people fix.

The document is canonical JSON (docs/schemas/process.md). Its SHA-256 is what staff compare, `pb list` prints, and the
record's entry ``list.fixed`` names; projects, order, costs, limits, rule and tie rule cannot change after it but by a
list that amends it. Roll, keys and times join it in the manifest, when the vote opens.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from pb_service.core.proposals.costs import outside_terms
from pb_service.core.record import canonical
from pb_service.core.rounds import money
from pb_service.core.rounds.documents import CategoryLimit, Limits, RuleDocument
from pb_service.core.rounds.setup import (
    BallotStep,
    Language,
    Problem,
    Setup,
    Text,
    pairs,
    rule_document,
    state_in,
)

#: The contest of the whole municipality beside those of its districts; alone where there are no districts.
CITY_WIDE = "city-wide"

#: The first project of a round has this number: three digits for all of them sort as numbers and as texts alike.
FIRST_NUMBER = 101

MOST_NUMBERS = 900

LONGEST_TITLE = 120
LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Item:
    """A project as it will stand on a ballot. Money in minor units; ``cost`` None: no signed cost sheet yet.

    ``sets`` are names of sets of which one project at most may win; ``proposals`` the numbers it came from. ``place``
    is [latitude, longitude] as decimal strings. ``changed``: its sheet was changed after the signature.
    """

    code: str
    titles: Text
    texts: Text
    contest: str
    proposals: tuple[int, ...]
    cost: int | None = None
    kind: str = "exact"
    low: int | None = None
    high: int | None = None
    upkeep: int = 0
    changed: bool = False
    sets: tuple[str, ...] = ()
    mandatory: bool = False
    picture: str = ""
    alt: Text = field(default_factory=dict)
    themes: tuple[str, ...] = ()
    place: tuple[str, str] | None = None


@dataclass(frozen=True)
class Ballot:
    """A contest of the list: its items stand in the order of the ballot, and get their numbers from 0 by it."""

    key: str
    title: Text
    budget: int | None
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Draft:
    """Everything the list is made of, with how many proposals and reviews still wait for a decision."""

    slug: str
    setup: Setup
    languages: tuple[Language, ...]
    ballots: tuple[Ballot, ...]
    undecided: int = 0
    reviews: int = 0
    unplaced: tuple[str, ...] = ()


PointName = Literal["decided", "districts", "costs", "languages", "pictures", "sets", "rule"]


@dataclass(frozen=True)
class Point:
    """A point of the checklist before the list is fixed; without problems it is met."""

    name: PointName
    problems: tuple[Problem, ...]

    @property
    def is_met(self) -> bool:
        return not self.problems


def contests(setup: Setup) -> list[tuple[str, Text, int | None]]:
    """Return the contests of a round in their order: key, title, and budget or None while it is not known.

    The districts as they are published, then the whole municipality if it votes too.
    """
    budgets = money.district_money(setup.money, setup.districts.districts)
    listed: list[tuple[str, Text, int | None]] = [
        (district.key, district.name, None if budgets is None else budgets[district.key])
        for district in setup.districts.districts
    ]
    if setup.districts.city_wide:
        listed.append((CITY_WIDE, setup.texts.name, setup.money.city_wide))
    return listed


def limits_of(ballot: BallotStep, budget: int, items: Sequence[Item] = ()) -> Limits:
    """Return what a ballot of a contest with that budget may hold, as the manifest says it (bundle.md section 4).

    A theme with no more projects than may be chosen of it has no limit. Who gives scores chooses nothing: what all the
    scored projects cost together has no limit.
    """
    limits: dict[str, int | bool] = {"blank": ballot.blank}
    given = {
        "kmin": ballot.kmin,
        "k": ballot.k,
        "cost": budget if ballot.within_budget and ballot.fmt != "scores" else None,
    }
    if ballot.fmt == "points":
        given |= {"sum": ballot.points_total, "each": ballot.points_each}
    if ballot.fmt == "scores":
        given |= {"smin": ballot.score_lowest, "smax": ballot.score_highest}
    limits |= {name: value for name, value in given.items() if value is not None}
    found = cast(Limits, limits)
    if ballot.theme_k is not None and (categories := _by_theme(items, ballot.theme_k)):
        found["cats"] = categories
    return found


def _by_theme(items: Sequence[Item], most: int) -> list[CategoryLimit]:
    themes: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        for theme in item.themes[:1]:
            themes.setdefault(theme, []).append(number)
    return [{"i": numbers, "k": most} for numbers in themes.values() if len(numbers) > most]


def rule_of(setup: Setup, items: Sequence[Item]) -> RuleDocument:
    """Return the rule of a contest with its sets: exclusive and mandatory projects by their numbers on the ballot.

    A rule whose ties end in a draw gets the lot when the vote opens, not here.
    """
    rule = rule_document(setup.rule)
    if mandatory := [number for number, item in enumerate(items) if item.mandatory]:
        rule["mandatory"] = mandatory
    if sets := _sets(items):
        rule["exclusive"] = [numbers for _, numbers in sets]
    return rule


def _sets(items: Sequence[Item]) -> list[tuple[str, list[int]]]:
    named: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        for name in dict.fromkeys(item.sets):
            named.setdefault(name, []).append(number)
    return sorted(named.items(), key=lambda pair: (pair[1], pair[0]))


def checklist(draft: Draft) -> list[Point]:
    """Return the points that must be met before the list can be fixed, in the order in which they are shown."""
    found: Mapping[PointName, Iterator[Problem]] = {
        "decided": _decided(draft),
        "districts": _districts(draft),
        "costs": _costs(draft),
        "languages": _languages(draft),
        "pictures": _pictures(draft),
        "sets": _set_problems(draft),
        "rule": _rule(draft),
    }
    return [Point(name, tuple(problems)) for name, problems in found.items()]


def _items(draft: Draft) -> Iterator[Item]:
    for ballot in draft.ballots:
        yield from ballot.items


def _decided(draft: Draft) -> Iterator[Problem]:
    if draft.undecided:
        yield Problem("proposals", "undecided", {"count": draft.undecided})
    if draft.reviews:
        yield Problem("reviews", "open", {"count": draft.reviews})
    for name in draft.unplaced:
        yield Problem(name, "no_project")


def _districts(draft: Draft) -> Iterator[Problem]:
    if not draft.ballots:
        yield Problem("contests", "none")
    for ballot in draft.ballots:
        if ballot.budget is None:
            yield Problem(ballot.key, "no_money")
        if not ballot.items:
            yield Problem(ballot.key, "no_projects")
    for code, count in Counter(item.code for item in _items(draft)).items():
        if count > 1:
            yield Problem(code, "twice")


def _costs(draft: Draft) -> Iterator[Problem]:
    terms = draft.setup.costs
    for ballot in draft.ballots:
        for item in ballot.items:
            if item.cost is None:
                yield Problem(item.code, "not_signed")
                continue
            if item.changed:
                yield Problem(item.code, "changed_after_signature")
            if outside := outside_terms(item.cost, terms):
                yield Problem(item.code, outside.code, outside.values)
            if ballot.budget is not None and item.cost > ballot.budget:
                yield Problem(item.code, "above_budget", {"amount": item.cost, "budget": ballot.budget})


def _languages(draft: Draft) -> Iterator[Problem]:
    for item in _items(draft):
        for name, text in (("title", item.titles), ("text", item.texts)):
            for language in draft.languages:
                state = state_in(text, language)
                if state in {"missing", "machine"}:
                    yield Problem(item.code, f"{name}_{state}", {"language": language})


def _pictures(draft: Draft) -> Iterator[Problem]:
    for item in _items(draft):
        if item.picture:
            for language in draft.languages:
                if state_in(item.alt, language) in {"missing", "machine"}:
                    yield Problem(item.code, "no_alt", {"language": language})


def _set_problems(draft: Draft) -> Iterator[Problem]:
    homes: dict[str, set[str]] = {}
    for ballot in draft.ballots:
        for item in ballot.items:
            for name in item.sets:
                homes.setdefault(name, set()).add(ballot.key)
        for name, numbers in _sets(ballot.items):
            if len(numbers) < 2:
                yield Problem(ballot.items[numbers[0]].code, "alone_in_set", {"set": name})
            if sum(ballot.items[number].mandatory for number in numbers) > 1:
                yield Problem(ballot.items[numbers[0]].code, "mandatory_exclude", {"set": name})
        mandatory = [item.cost or 0 for item in ballot.items if item.mandatory]
        if ballot.budget is not None and sum(mandatory) > ballot.budget:
            yield Problem(ballot.key, "mandatory_cost", {"amount": sum(mandatory), "budget": ballot.budget})
    for name, keys in sorted(homes.items()):
        if len(keys) > 1:
            yield Problem("sets", "over_districts", {"set": name})


def _rule(draft: Draft) -> Iterator[Problem]:
    ties = draft.setup.rule.ties
    if not ties or ties[-1] != "id" or len(set(ties)) < len(ties):
        yield Problem("ties", "not_decisive")


def is_ready(points: Sequence[Point]) -> bool:
    """Whether every point is met."""
    return all(point.is_met for point in points)


def document(draft: Draft) -> dict[str, Any]:
    """Return the list as it is published. Raises ValueError while a budget or a cost is not known."""
    setup = draft.setup
    terms: dict[str, Any] = {"kind": setup.costs.kind, "upkeep": setup.costs.upkeep}
    if setup.costs.kind != "exact":
        terms["counts"] = setup.costs.counts
    if setup.costs.upkeep == "added":
        terms["upkeep_years"] = setup.costs.upkeep_years
    return {
        "v": 1,
        "round": draft.slug,
        "currency": setup.money.currency,
        "unit": setup.money.unit,
        "costs": terms,
        "contests": [_contest(ballot, setup) for ballot in draft.ballots],
    }


def _contest(ballot: Ballot, setup: Setup) -> dict[str, Any]:
    if ballot.budget is None:
        raise ValueError(f"the money of {ballot.key} is not known")
    return {
        "id": ballot.key,
        "title": _texts(ballot.title),
        "fmt": setup.ballot.fmt,
        "budget": ballot.budget,
        "limits": limits_of(setup.ballot, ballot.budget, ballot.items),
        "rule": rule_of(setup, ballot.items),
        "projects": [_project(item) for item in ballot.items],
    }


def _project(item: Item) -> dict[str, Any]:
    if item.cost is None:
        raise ValueError(f"project {item.code} has no signed cost")
    listed: dict[str, Any] = {
        "id": item.code,
        "title": _texts(item.titles),
        "text": _texts(item.texts),
        "cost": item.cost,
        "upkeep": item.upkeep,
        "proposals": sorted(item.proposals),
        "themes": list(item.themes),
    }
    listed |= {name: value for name, value in (("low", item.low), ("high", item.high)) if value is not None}
    if item.picture:
        listed |= {"picture": item.picture, "alt": _texts(item.alt)}
    if item.place:
        listed["place"] = list(item.place)
    return listed


def _texts(text: Text) -> list[list[str]]:
    return [list(pair) for pair in pairs(text)]


def body_of(draft: Draft) -> bytes:
    """Return the list as canonical JSON: the bytes that are hashed, stored and published."""
    return canonical.encode(document(draft))


def sha256_of(body: bytes) -> bytes:
    """Return the SHA-256 of a list, by which people and the record name it."""
    return hashlib.sha256(body).digest()


def changed_projects(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return how two lists differ: the code of each project added, removed or changed, and the fields in question.

    ``contest`` says that a project moved to another ballot, ``order`` that it stands at another place; what differs in
    a contest itself is told under its id.
    """
    old, new = _placed(before), _placed(after)
    found: dict[str, list[str]] = {}
    for code in [*old, *(code for code in new if code not in old)]:
        if code not in new or code not in old:
            found[code] = ["removed" if code not in new else "added"]
            continue
        (old_contest, old_place, was), (new_contest, new_place, now) = old[code], new[code]
        fields = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
        fields += ["contest"] if old_contest != new_contest else ["order"] if old_place != new_place else []
        if fields:
            found[code] = fields
    contests_after = {contest["id"]: contest for contest in after["contests"]}
    for contest in before["contests"]:
        other = contests_after.get(contest["id"], {})
        fields = [name for name in contest if name != "projects" and contest[name] != other.get(name)]
        if fields:
            found[contest["id"]] = fields
    return list(found.items())


def _placed(listed: Mapping[str, Any]) -> dict[str, tuple[str, int, Mapping[str, Any]]]:
    return {
        project["id"]: (contest["id"], place, project)
        for contest in listed["contests"]
        for place, project in enumerate(contest["projects"])
    }
