"""Cost sheets: what the lines come to, which figure counts, and what a sheet may not be."""

import pytest
from msgspec.structs import replace

from pb_service.core.proposals import costs
from pb_service.core.proposals.costs import Change, CostLine, CostSheet, figures, problems
from pb_service.core.rounds.setup import CostClass, CostsStep

EXACT = CostsStep()
CLASSES = CostsStep(kind="class", classes=(CostClass(1, 3_500_000), CostClass(3_500_001, 6_000_000)))
RANGE = CostsStep(kind="range")

LIGHTS = CostSheet(
    lines=(
        CostLine("Pole with a lamp", 17_000, "pcs", 148_000, "Contract 2026, row 14"),
        CostLine("Cable", 480_000, "m", 3_800, "Contract 2026, row 31"),
        CostLine("Path put right", 480_000, "m", 950, "Works of 2025"),
        CostLine("Connection", 1_000, "pcs", 460_000, "Offer"),
        CostLine("Planning", 1_000, "pcs", 380_000, "Experience"),
    ),
    contingency=100,
    round_to=100_000,
    upkeep=(CostLine("Electricity", 17_000, "pcs", 3_100), CostLine("Service", 17_000, "pcs", 4_200)),
)


def test_the_figures_follow_from_the_lines() -> None:
    found = figures(LIGHTS, EXACT)
    assert found.lines == (2_516_000, 1_824_000, 456_000, 460_000, 380_000)
    assert (found.subtotal, found.contingency, found.rounding) == (5_636_000, 563_600, 400)
    assert found.total == found.amount == 6_200_000
    assert found.upkeep == 52_700 + 71_400


def test_half_a_cent_is_rounded_up_once_for_each_line() -> None:
    thirds = CostSheet(lines=(CostLine("A", 500, "h", 3, "x"), CostLine("B", 500, "h", 3, "x")))
    assert figures(thirds, EXACT).lines == (2, 2)


def test_a_class_counts_with_the_end_that_the_round_says() -> None:
    assert figures(LIGHTS, CLASSES).amount is None  # 6,200,000 is above the highest class
    small = replace(LIGHTS, lines=LIGHTS.lines[:1])
    found = figures(small, CLASSES)
    assert (found.low, found.high, found.amount) == (1, 3_500_000, 3_500_000)
    assert figures(small, replace(CLASSES, counts="lowest")).amount == 1


def test_a_range_counts_with_the_end_that_the_round_says() -> None:
    typed = replace(LIGHTS, low=6_000_000, high=7_000_000)
    assert figures(typed, RANGE).amount == 7_000_000
    assert figures(typed, replace(RANGE, counts="lowest")).amount == 6_000_000


def test_added_upkeep_counts_for_its_years_and_shown_upkeep_does_not() -> None:
    added = replace(EXACT, upkeep="added", upkeep_years=2)
    assert figures(LIGHTS, added).amount == 6_200_000 + 2 * 124_100
    assert figures(LIGHTS, EXACT).amount == 6_200_000


@pytest.mark.parametrize(
    ("sheet", "terms", "expected"),
    [
        (CostSheet(), EXACT, ("lines", "required")),
        (replace(LIGHTS, round_to=0), EXACT, ("round_to", "between")),
        (replace(LIGHTS, contingency=1001), EXACT, ("contingency", "between")),
        (replace(LIGHTS, lines=(CostLine("", 1, "", 1, "x"),)), EXACT, ("lines.0.what", "required")),
        (replace(LIGHTS, lines=(CostLine("A", 0, "", 1, "x"),)), EXACT, ("lines.0.quantity", "between")),
        (replace(LIGHTS, lines=(CostLine("A", 1, "", -1, "x"),)), EXACT, ("lines.0.price", "between")),
        (replace(LIGHTS, lines=(CostLine("A", 1000, "", 1),)), EXACT, ("lines.0.source", "required")),
        (replace(LIGHTS, lines=(CostLine("A", 1000, "", 0, "x"),)), EXACT, ("lines", "nothing")),
        (replace(LIGHTS, lines=(CostLine("A", 10**9, "", 10**12, "x"),)), EXACT, ("lines", "too_much")),
        (replace(LIGHTS, lines=LIGHTS.lines * 13), EXACT, ("lines", "too_many")),
        (replace(LIGHTS, low=1), EXACT, ("low", "no_range")),
        (LIGHTS, RANGE, ("low", "required")),
        (replace(LIGHTS, low=2, high=1), RANGE, ("high", "below_low")),
        (replace(LIGHTS, low=1, high=6_199_999), RANGE, ("lines", "outside_range")),
        (LIGHTS, CLASSES, ("lines", "no_class")),
    ],
)
def test_what_cannot_be_saved_says_where_and_why(sheet: CostSheet, terms: CostsStep, expected: tuple[str, str]) -> None:
    assert expected in [(problem.field, problem.code) for problem in problems(sheet, terms)]


def test_a_whole_sheet_has_no_problems() -> None:
    assert problems(LIGHTS, EXACT) == []


def test_floor_and_ceiling_bound_the_figure_that_counts() -> None:
    terms = CostsStep(floor=500_000, ceiling=10_000_000)
    assert costs.outside_terms(6_200_000, terms) is None
    assert [costs.outside_terms(amount, terms).code for amount in (1, 10_000_001)] == ["below_floor", "above_ceiling"]  # type: ignore[union-attr]


def test_changes_name_the_lines_and_the_figure_that_counts() -> None:
    first, *rest = LIGHTS.lines
    after = replace(LIGHTS, lines=(replace(first, quantity=16_000), rest[0], replace(rest[1], what="Path"), *rest[2:]))
    assert costs.changes(LIGHTS, after, EXACT) == [
        Change("quantity", "Pole with a lamp", 17_000, 16_000),
        Change("line", "Path put right", 456_000, None),
        Change("line", "Path", None, 456_000),
        Change("amount", "", 6_200_000, 6_100_000),
    ]


def test_a_sheet_read_back_is_the_same_and_has_the_same_hash() -> None:
    again = costs.read_sheet(costs.document(LIGHTS))
    assert again == LIGHTS
    assert costs.lines_sha256(again) == costs.lines_sha256(LIGHTS) != costs.lines_sha256(replace(LIGHTS, round_to=1))
