"""The pictures show what the numbers say: inside their frame, to scale, and never one thing on another."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.features.results.pictures import (
    MoneyChart,
    Place,
    Rect,
    Turn,
    bar,
    histogram,
    map_picture,
    money_chart,
    nice_ceiling,
    nice_step,
    reach,
)


def chart(
    turns: list[Turn], end: int, notes: dict[int, tuple[str, ...]] | None = None, width: int = 1088
) -> MoneyChart:
    return money_chart(turns, end, width=width, height=400, notes=notes or {}, unit=100)


def corners(path: str) -> list[tuple[float, float]]:
    points = [point.split() for point in path.removeprefix("M").removesuffix("Z").split("L")]
    return [(float(x), float(y)) for x, y in points]


COUNT = [
    Turn(40000, 100000, True),
    Turn(90000, 60000, False),
    Turn(35000, 60000, True),
    Turn(25500, 25000, False),
    Turn(20000, 25000, True),
]


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=60), st.integers(0, 10**9))
def test_the_bar_stays_in_its_frame_and_its_parts_in_their_order(amounts: list[int], unused: int) -> None:
    drawn = bar(amounts, sum(amounts) + unused, width=328, height=72)
    ends = [(part.x, part.x + part.width) for part in drawn.segments]
    assert all(0 <= start < end <= 328.4 for start, end in ends)
    assert all(before[0] <= after[0] for before, after in pairwise(ends))
    assert (drawn.rest is not None) == (unused > 0)


def test_a_part_is_as_wide_as_its_amount_less_the_gap() -> None:
    drawn = bar([50, 25], 100, width=400, height=72, gap=2)
    assert [(part.x, part.width) for part in drawn.segments] == [(0, 198), (200, 98)]
    assert drawn.rest is not None
    assert (drawn.rest.x, drawn.rest.width) == (300, 100)


def test_a_label_is_drawn_only_where_it_fits() -> None:
    drawn = bar([90, 5, 5], 100, width=100, height=72, labels=["1", "2", "1359"])
    assert [part.wide for part in drawn.segments] == [True, False, False]


def test_without_a_total_the_bar_is_empty() -> None:
    assert bar([], 0, width=100, height=10).segments == []


@given(st.integers(1, 10**15))
def test_a_scale_ends_at_a_round_number_not_far_above_its_values(value: int) -> None:
    top = nice_ceiling(value)
    assert value <= top <= max(10, 2 * value)


@given(st.integers(1, 10**15), st.integers(1, 10))
def test_a_scale_has_no_more_parts_than_asked_for(top: int, most: int) -> None:
    assert math.ceil(top / nice_step(top, most)) <= most


def test_the_staircase_only_falls_and_goes_from_left_to_right() -> None:
    points = corners(chart(COUNT, 5000).line)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(points))


def test_a_dot_lies_inside_the_area_exactly_when_its_project_was_funded() -> None:
    """Read as the page says: cost inside the blue area fits, above it does not."""
    drawn = chart(COUNT, 5000)
    heights = {turn: drawn.plot.height * turn.left / 100_000 for turn in COUNT}
    floor = drawn.plot.y + drawn.plot.height
    for stem, turn in zip(drawn.stems, COUNT, strict=True):
        assert (stem.y >= floor - heights[turn] - 0.1) == turn.ok


def test_a_cut_scale_says_where_the_money_comes_into_view() -> None:
    turns = [Turn(100, 1000, True), Turn(90, 900, True), Turn(700, 810, True), Turn(100, 110, True)]
    assert chart(turns, 10).enters is None or chart(turns, 10).enters == 3


@pytest.mark.parametrize("width", [328, 1088])
def test_a_label_covers_no_dot_and_no_other_label(width: int) -> None:
    notes = {2: ("b: 300 too dear", "costs 900; 600 left"), 4: ("d: 5 too dear",), 5: ("e fits", "costs 200; 250 left")}
    drawn = chart(COUNT, 5000, notes, width=width)
    dots = [Rect(stem.x - 2, stem.y - 2, 4, 4) for stem in drawn.stems]
    assert drawn.labels
    assert not any(label.box.overlaps(dot) for label in drawn.labels for dot in dots)
    assert not any(a.box.overlaps(b.box) for a in drawn.labels for b in drawn.labels if a is not b)
    assert all(label.box.x + label.box.width <= width for label in drawn.labels)


def test_one_giant_project_does_not_press_the_others_flat() -> None:
    turns = [Turn(cost, 500, False) for cost in [100] * 30 + [100_000]]
    drawn = chart(turns, 500)
    assert drawn.stems[-1].beyond
    assert drawn.stems[0].y < drawn.plot.y + drawn.plot.height / 2


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.lists(st.integers(0, 10**6), min_size=1, max_size=20)
)
def test_columns_stand_on_the_baseline_and_are_to_scale(here: list[int], there: list[int]) -> None:
    drawn = histogram(here, there, width=610, height=240)
    floor = drawn.plot.y + drawn.plot.height
    columns = [(c.here, c.here_count) for c in drawn.columns] + [(c.there, c.there_count) for c in drawn.columns]
    assert all(abs(box.y + box.height - floor) < 0.2 and box.y >= drawn.plot.y - 0.1 for box, _ in columns)
    assert all(box.height <= other.height for box, count in columns for other, more in columns if count <= more)
    assert all(column.there.x + column.there.width <= 610 for column in drawn.columns)


def test_reach_is_a_part_of_the_whole_width() -> None:
    assert [drawn.width for drawn in reach([0.0, 0.5, 1.2], width=280)] == [0, 140, 280]


places = st.lists(st.tuples(st.floats(52.10, 52.12), st.floats(20.80, 20.84), st.booleans()), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(places, st.sampled_from([328, 624]))
def test_everything_on_the_map_is_inside_it_and_no_disc_covers_another(
    points: list[tuple[float, float, bool]], width: int
) -> None:
    drawn = map_picture(
        [Place(n, n if won else None, lat, lon) for n, (lat, lon, won) in enumerate(points)],
        width=width,
        most_height=500,
    )
    assert drawn is not None
    spots = [dot.at for dot in drawn.dots] + [pin.at for pin in drawn.pins]
    assert all(0 <= x <= drawn.width and 0 <= y <= drawn.height for x, y in spots)
    assert len(spots) + len(drawn.outside) == len(points)
    if len(drawn.pins) <= 12:
        assert all(math.dist(a.at, b.at) > 20 for a in drawn.pins for b in drawn.pins if a.number < b.number)


def test_north_is_up_and_east_is_right() -> None:
    drawn = map_picture([Place(0, 1, 52.2, 20.8), Place(1, 2, 52.1, 20.9)], width=328, most_height=400)
    assert drawn is not None
    north_west, south_east = drawn.pins
    assert north_west.at.y < south_east.at.y
    assert north_west.at.x < south_east.at.x


def test_a_scale_bar_is_as_long_as_it_says() -> None:
    """Two places 1113.2 metres apart (a hundredth of a degree of latitude) are as far apart as the bar says."""
    drawn = map_picture([Place(0, None, 52.20, 20.88), Place(1, None, 52.21, 20.88)], width=328, most_height=400)
    assert drawn is not None
    apart = math.dist(drawn.dots[0].at, drawn.dots[1].at)
    assert apart == pytest.approx(1113.2 * drawn.scale / drawn.grid, rel=0.01)


def test_a_place_far_from_all_others_is_left_outside_with_its_distance() -> None:
    near = [Place(n, None, 52.19 + n / 1000, 20.88) for n in range(9)]
    drawn = map_picture([*near, Place(99, 1, 52.5, 20.88)], width=328, most_height=400)
    assert drawn is not None
    assert [number for number, _ in drawn.outside] == [99]
    assert drawn.outside[0][1] == pytest.approx(34_000, abs=1000)


def test_without_places_there_is_no_map() -> None:
    assert map_picture([], width=328, most_height=400) is None
