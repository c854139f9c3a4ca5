"""The written form of money is exact and as short as can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.rounds.money import decimal_text


@pytest.mark.parametrize(
    ("minor", "unit", "text"),
    [
        (4000, 100, "40"),
        (4050, 100, "40.5"),
        (4005, 100, "40.05"),
        (5, 100, "0.05"),
        (-150, 100, "-1.5"),
        (7, 1000, "0.007"),
    ],
)
def test_an_amount_is_written_without_needless_zeros(minor: int, unit: int, text: str) -> None:
    assert decimal_text(minor, unit) == text


@given(st.integers(min_value=0), st.sampled_from([100, 1000, 10**6]))
def test_nothing_is_lost_by_writing_an_amount(minor: int, unit: int) -> None:
    whole, _, decimals = decimal_text(minor, unit).partition(".")
    assert int(whole) * unit + int((decimals or "0").ljust(len(str(unit)) - 1, "0")) == minor
