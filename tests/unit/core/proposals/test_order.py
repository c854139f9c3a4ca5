"""The fair order of a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.proposals.order import draw_of, drawn, is_draw

numbers = st.lists(st.integers(1, 2000), max_size=60)
draws = st.binary(min_size=8, max_size=8).map(draw_of)


@given(numbers, draws)
def test_every_number_stands_there_once(given_numbers: list[int], draw: str) -> None:
    assert sorted(drawn(given_numbers, draw)) == sorted(set(given_numbers))


@given(numbers, draws, st.sets(st.integers(1, 2000)))
def test_what_is_hidden_or_added_moves_nothing_else(given_numbers: list[int], draw: str, hidden: set[int]) -> None:
    kept = [number for number in drawn(given_numbers, draw) if number not in hidden]
    assert drawn((number for number in given_numbers if number not in hidden), draw) == kept


@given(draws)
def test_a_draw_made_from_random_bytes_is_a_draw(draw: str) -> None:
    assert is_draw(draw)


@pytest.mark.parametrize("text", ["", "abc", "abcdefg", "abc1ef", "ABCDEF", "abcde\n", "äbcdef"])
def test_other_texts_are_none(text: str) -> None:
    assert not is_draw(text)


def test_fewer_than_eight_random_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="eight"):
        draw_of(b"1234567")


def test_over_many_draws_every_proposal_stands_equally_often_in_each_quarter() -> None:
    """2,000 draws of 40 proposals: 500 times in each quarter, give or take five standard deviations."""
    places = [[0] * 4 for _ in range(40)]
    for draw in range(2000):
        order = drawn(range(1, 41), draw_of(draw.to_bytes(8, "big")))
        for place, number in enumerate(order):
            places[number - 1][place // 10] += 1
    assert all(400 < count < 600 for quarters in places for count in quarters)
