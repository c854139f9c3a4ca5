"""Money shared by population, by largest remainder."""

import pytest

from pb_service.core.rounds.money import district_money, shared
from pb_service.core.rounds.setup import MoneyStep
from tests.rounds import district


def test_what_is_left_over_goes_to_the_largest_remainder() -> None:
    """100 by 3 : 3 : 1 is 42, 42 and 14; of the remainders 6/7, 6/7 and 2/7 the first two are largest."""
    assert [(share.amount, share.remainder, share.extra) for share in shared(100, [3, 3, 1])] == [
        (43, 6, True), (43, 6, True), (14, 2, False)
    ]  # fmt: skip


def test_of_equal_remainders_the_larger_then_the_earlier_goes_first() -> None:
    assert [share.amount for share in shared(1, [1, 1])] == [1, 0]
    assert [share.amount for share in shared(101, [2, 2, 4])] == [25, 25, 51]


def test_steps_are_whole_and_the_odd_cents_are_not_lost() -> None:
    assert [share.amount for share in shared(100_050, [1, 1, 1], 1_000)] == [34_000, 33_050, 33_000]


@pytest.mark.parametrize(
    ("pot", "weights", "quantum"), [(-1, [1], 1), (1, [0], 1), (1, [1, -1], 1), (1, [1], 0), (1, [], 1)]
)
def test_what_cannot_be_shared_is_refused(pot: int, weights: list[int], quantum: int) -> None:
    with pytest.raises(ValueError, match="not negative"):
        shared(pot, weights, quantum)


def test_the_pot_of_the_whole_city_is_taken_off_first() -> None:
    areas = [district("a", population=1), district("b", population=3)]
    money = MoneyStep(total=1_000, city_wide=200, mode="population")
    assert district_money(money, areas) == {"a": 200, "b": 600}


def test_money_that_cannot_be_told_yet_is_none() -> None:
    assert district_money(MoneyStep(mode="population", total=5), [district("a", population=None)]) is None
    assert district_money(MoneyStep(amounts={"b": 5}), [district("a")]) is None
    assert district_money(MoneyStep(amounts={"a": 5}), [district("a")]) == {"a": 5}
