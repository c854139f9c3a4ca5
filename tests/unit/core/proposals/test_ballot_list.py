"""The ballot list: what it lacks, what it says, and that its hash changes with everything that counts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from pb_service.core.proposals import ballot_list
from pb_service.core.proposals.ballot_list import Ballot, Draft, Item
from pb_service.core.record import canonical
from pb_service.core.rounds.setup import (
    BallotStep,
    CostsStep,
    District,
    DistrictsStep,
    MoneyStep,
    RuleStep,
    Setup,
    Text,
    TextsStep,
    Wording,
)


def text(fi: str, sv: str = "på svenska") -> Text:
    return {"fi": Wording(fi, "original"), "sv": Wording(sv, "translated")}


SETUP = Setup(
    texts=TextsStep(name=text("Kevät", "Våren")),
    districts=DistrictsStep((District("north", text("Pohjoinen")), District("south", text("Etelä"))), city_wide=True),
    money=MoneyStep(total=10_000_000, city_wide=1_000_000, amounts={"north": 4_000_000, "south": 5_000_000}),
)


def item(code: str, cost: int | None = 100_000, **more: Any) -> Item:
    given = {"titles": text(f"Hanke {code}"), "texts": text("Lyhyesti"), "contest": "north", "proposals": (1,), **more}
    return Item(code, cost=cost, **given)


def draft(*items: Item, **more: Any) -> Draft:
    """A list in which the north has these projects, and the others one each."""
    others = {"south": (item("201"),), "city-wide": (item("301"),)}
    ballots = [
        Ballot(key, title, budget, items if key == "north" else others[key])
        for key, title, budget in ballot_list.contests(SETUP)
    ]
    return replace(Draft("spring", SETUP, ("fi", "sv"), tuple(ballots)), **more)


def codes(made: Draft) -> dict[str, list[tuple[str, str]]]:
    """The problems of each point that is not met."""
    return {
        point.name: [(problem.field, problem.code) for problem in point.problems]
        for point in ballot_list.checklist(made)
        if not point.is_met
    }


def test_districts_come_in_their_order_and_the_whole_municipality_last() -> None:
    assert [(key, budget) for key, _, budget in ballot_list.contests(SETUP)] == [
        ("north", 4_000_000),
        ("south", 5_000_000),
        ("city-wide", 1_000_000),
    ]


def test_a_whole_list_lacks_nothing() -> None:
    assert codes(draft(item("101"), item("102"))) == {}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (lambda: draft(item("101"), undecided=2), {"decided": [("proposals", "undecided")]}),
        (lambda: draft(item("101"), reviews=1), {"decided": [("reviews", "open")]}),
        (lambda: draft(item("101"), unplaced=("p7",)), {"decided": [("p7", "no_project")]}),
        (draft, {"districts": [("north", "no_projects")]}),
        (lambda: draft(item("101"), item("101")), {"districts": [("101", "twice")]}),
        (lambda: draft(item("101", None)), {"costs": [("101", "not_signed")]}),
        (lambda: draft(item("101", changed=True)), {"costs": [("101", "changed_after_signature")]}),
        (lambda: draft(item("101", 4_000_001)), {"costs": [("101", "above_budget")]}),
        (
            lambda: draft(item("101", titles={"fi": Wording("A", "original")})),
            {"languages": [("101", "title_missing")]},
        ),
        (
            lambda: draft(item("101", texts={**text("A"), "sv": Wording("B", "machine")})),
            {"languages": [("101", "text_machine")]},
        ),
        (lambda: draft(item("101", picture="x")), {"pictures": [("101", "no_alt"), ("101", "no_alt")]}),
        (lambda: draft(item("101", sets=("bridge",))), {"sets": [("101", "alone_in_set")]}),
        (
            lambda: draft(*(item(code, sets=("bridge",), mandatory=True) for code in ("101", "102"))),
            {"sets": [("101", "mandatory_exclude")]},
        ),
        (
            lambda: draft(*(item(code, 3_000_000, mandatory=True) for code in ("101", "102"))),
            {"sets": [("north", "mandatory_cost")]},
        ),
    ],
)
def test_what_is_missing_is_said_with_its_project(
    changed: Callable[[], Draft], expected: dict[str, list[tuple[str, str]]]
) -> None:
    assert codes(changed()) == expected


def test_a_set_over_two_ballots_means_nothing_and_is_refused() -> None:
    made = draft(item("101", sets=("a",)), item("102", sets=("a",)))
    south = replace(made.ballots[1], items=(item("201", sets=("a",)), item("202", sets=("a",))))
    assert codes(replace(made, ballots=(made.ballots[0], south, made.ballots[2]))) == {
        "sets": [("sets", "over_districts")]
    }


def test_costs_outside_the_rounds_bounds_are_said() -> None:
    setup = msgspec.structs.replace(SETUP, costs=CostsStep(floor=200_000, ceiling=300_000))
    made = replace(draft(item("101"), item("102", 300_001)), setup=setup)
    assert codes(made)["costs"][:2] == [("101", "below_floor"), ("102", "above_ceiling")]


def test_a_rule_without_a_last_word_on_ties_is_refused() -> None:
    made = replace(draft(item("101")), setup=msgspec.structs.replace(SETUP, rule=RuleStep(ties=("cost",))))
    assert codes(made) == {"rule": [("ties", "not_decisive")]}


@pytest.mark.parametrize(
    ("ballot", "expected"),
    [
        (BallotStep(), {"blank": True, "cost": 900}),
        (BallotStep(fmt="approval", k=5, kmin=1, within_budget=False), {"blank": True, "k": 5, "kmin": 1}),
        (
            BallotStep(fmt="points", within_budget=False, points_total=10, points_each=5),
            {"blank": True, "sum": 10, "each": 5},
        ),
        (
            BallotStep(fmt="scores", score_lowest=-1, score_highest=3, blank=False),
            {"blank": False, "smin": -1, "smax": 3},
        ),
        (BallotStep(fmt="ordinal", k=3), {"blank": True, "k": 3, "cost": 900}),
    ],
)
def test_limits_are_those_that_the_ballot_has(ballot: BallotStep, expected: dict[str, int]) -> None:
    assert ballot_list.limits_of(ballot, 900) == expected


def test_at_most_so_many_of_a_theme_that_has_more() -> None:
    """By the first theme of each project; a theme with no more projects has no limit."""
    themes = [("streets", "nature"), ("nature",), ("streets",), (), ("streets",), ("nature",)]
    items = [replace(item("1"), themes=theme) for theme in themes]
    limits = ballot_list.limits_of(BallotStep(theme_k=2), 900, items)
    assert limits.get("cats") == [{"i": [0, 2, 4], "k": 2}]


def test_the_rule_names_sets_by_the_numbers_of_the_ballot() -> None:
    items = [
        item("101"),
        item("102", sets=("a",)),
        item("103", sets=("a", "b")),
        item("104", sets=("b",), mandatory=True),
    ]
    rule = ballot_list.rule_of(SETUP, items)
    assert (rule["exclusive"], rule["mandatory"]) == ([[1, 2], [2, 3]], [3])


def test_the_document_is_canonical_and_says_what_the_manifest_will_need() -> None:
    body = ballot_list.body_of(
        draft(item("102", place=("60.17", "24.94")), item("101", low=1, high=100_000, kind="class"))
    )
    listed = canonical.decode(body)
    north = listed["contests"][0]
    assert [(project["id"], project["cost"]) for project in north["projects"]] == [("102", 100_000), ("101", 100_000)]
    assert north["rule"]["ties"] == ["cost", "id"]
    assert (north["budget"], north["limits"]) == (4_000_000, {"blank": True, "cost": 4_000_000})
    assert north["projects"][0]["place"] == ["60.17", "24.94"]


@pytest.mark.parametrize(
    "changed",
    [
        item("101", 99_999),
        item("101", titles=text("Toinen")),
        item("101", upkeep=1),
        item("101", mandatory=True),
        item("101", proposals=(1, 2)),
        item("103"),
    ],
)
def test_everything_that_voters_see_or_the_count_uses_is_in_the_hash(changed: Item) -> None:
    before, after = (ballot_list.body_of(draft(each, item("102"))) for each in (item("101"), changed))
    assert ballot_list.sha256_of(before) != ballot_list.sha256_of(after)


def test_without_a_cost_or_a_budget_there_is_no_document() -> None:
    with pytest.raises(ValueError, match="101"):
        ballot_list.document(draft(item("101", None)))


def test_a_difference_names_what_was_added_removed_changed_and_moved() -> None:
    before = ballot_list.document(draft(item("101"), item("102"), item("103")))
    after = ballot_list.document(draft(item("103"), item("102", 5), item("104", mandatory=True)))
    assert ballot_list.changed_projects(before, after) == [
        ("101", ["removed"]),
        ("102", ["cost"]),
        ("103", ["order"]),
        ("104", ["added"]),
        ("north", ["rule"]),
    ]
