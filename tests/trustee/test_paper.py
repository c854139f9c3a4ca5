"""A share on paper: typed back it is the same, and a slip of the pen is found in its row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pb_service.core.sealing.group import ORDER
from pb_service.trustee.paper import PaperError, rows_of, share_of

SHARES = st.integers(0, ORDER - 1)


def on_paper(share: int) -> str:
    return "\n".join(map(str, rows_of(share)))


@given(SHARES)
def test_a_share_comes_back_from_paper(share: int) -> None:
    assert share_of(on_paper(share)) == share
    assert share_of(on_paper(share).lower().replace("0", "o").replace("1", "l").replace(" ", "-")) == share


@given(SHARES, st.integers(0, 3), st.integers(0, 11))
def test_a_wrong_symbol_is_found_in_its_row(share: int, row: int, at: int) -> None:
    lines = [str(each).replace(" ", "") for each in rows_of(share)]
    at = min(at, len(lines[row]) - 2)
    wrong = "3" if lines[row][at] != "3" else "4"
    lines[row] = lines[row][:at] + wrong + lines[row][at + 1 :]
    with pytest.raises(PaperError) as error:
        share_of("\n".join(lines))
    assert error.value.row == row + 1


@pytest.mark.parametrize("typed", ["", "????", "0" * 60, on_paper(5) + "0"])
def test_something_else_is_no_share(typed: str) -> None:
    with pytest.raises(PaperError):
        share_of(typed)
