"""What turnout shows and leaves out."""

from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.voting.turnout import LEAST, shown


def test_small_numbers_are_left_out_with_a_second_one() -> None:
    """One small number could be had from the total: another one is left out with it."""
    assert shown({"acct": 40, "paper": 3, "desk": 25}) == {"acct": 40, "paper": None, "desk": None}


def test_which_second_one_does_not_depend_on_its_size() -> None:
    """Three elevens and a nine: were the smallest left out, their sum of 20 would tell that one of them is the nine."""
    assert shown({"acct": 11, "code": 9, "desk": 11, "paper": 11})["paper"] is None
    assert shown({"acct": 11, "code": 9, "desk": 11, "paper": 90})["paper"] is None


def test_nobody_at_all_may_be_said() -> None:
    assert shown({"acct": 40, "paper": 0}) == {"acct": 40, "paper": 0}


def test_two_that_are_tiny_together_take_a_third_with_them() -> None:
    """Of two left out that are one each, their sum would tell both."""
    assert shown({1: 1, 2: 1, 3: 30, 4: 50}) == {1: None, 2: None, 3: 30, 4: None}


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 200), max_size=12))
def test_what_is_left_out_cannot_be_had_from_the_total(cells: dict[int, int]) -> None:
    """Everything shown is as it is, nobody or at least ten; what is missing is nothing, all, or enough of several."""
    found = shown(cells)
    hidden = [cells[key] for key, number in found.items() if number is None]
    kept = [number for number in found.values() if number is not None]
    assert all(number == 0 or number >= LEAST for number in kept)
    assert all(found[key] in {None, cells[key]} for key in cells)
    assert not hidden or not any(kept) or (max(hidden) >= LEAST and sum(hidden) >= 2 * LEAST + len(hidden))


def test_many_tiny_numbers_do_not_tell_each_other() -> None:
    """Ten hours of one person each beside one of ten come to 20 as nothing else does: a further hour is left out."""
    hours = dict.fromkeys(range(10), 1) | {10: 300, 90: 10}
    assert shown(hours)[10] is None
    assert shown({1: 9, 2: 9, 3: 9, 40: 11})[40] is None
