"""The money bar: parts of a total, drawn in per cent."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pb_service.web.bars import Amount, parts_of


def test_what_is_left_comes_last_and_is_hatched() -> None:
    used, rest = parts_of(100, [Amount(60)])
    assert (used.x, used.width, used.kind) == (0, 60, "used")
    assert (rest.x, rest.width, rest.kind) == (60, 40, "rest")


def test_a_total_of_nothing_has_no_bar() -> None:
    assert parts_of(0, [Amount(0)]) == []


def test_a_narrow_part_has_no_label() -> None:
    wide, narrow = parts_of(100, [Amount(97, label="97"), Amount(3, label="3")])
    assert (wide.label, narrow.label) == ("97", "")


def test_districts_have_a_colour_each() -> None:
    kinds = [part.kind for part in parts_of(6, [Amount(1)] * 6, districts=True)]
    assert kinds == ["d0", "d1", "d2", "d3", "d4", "d5"]


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=80), st.integers(0, 10**12))
def test_parts_follow_each_other_and_fill_the_bar(amounts: list[int], left: int) -> None:
    parts = parts_of(sum(amounts) + left, [Amount(amount) for amount in amounts])
    for before, after in pairwise(parts):
        assert abs(before.x + before.width - after.x) < 0.01
    assert abs(parts[-1].x + parts[-1].width - 100) < 0.01
