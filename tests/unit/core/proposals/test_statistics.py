"""Numbers that tell nothing about single people."""

from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.proposals.statistics import Days, days, suppressed


def test_cells_under_ten_are_left_out_and_never_one_alone() -> None:
    """With one cell left out the sum would tell it."""
    assert suppressed({"a": 9, "b": 12, "c": 30}) == {"a": None, "b": None, "c": 30}
    assert suppressed({"a": 9, "b": 3, "c": 30}) == {"a": None, "b": None, "c": 30}
    assert suppressed({"a": 10, "b": 12}) == {"a": 10, "b": 12}


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=8))
def test_no_left_out_cell_follows_from_the_others_and_the_sum(counts: dict[str, int]) -> None:
    shown = suppressed(counts)
    assert all(count is None or count >= 10 for count in shown.values())
    assert list(shown.values()).count(None) != 1 or len(shown) == 1


def test_days_are_whole_and_by_nearest_rank() -> None:
    hours = [3600.0 * each for each in (1, 25, 49, 73)]
    assert days(hours) == Days(4, 1, 2, 3, 4)
    assert days([]) is None
