"""Tables from files: what a workbook may do to whoever reads it."""

import io
import zipfile

import pytest

from pb_service.features.rounds.sheets import Unreadable, read_sheet
from tests.sheets import Day, workbook


def elsewhere(book: bytes, place: str, to: str) -> bytes:
    """The workbook with one cell in another place."""
    moved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(moved, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(f'"{place}"'.encode(), f'"{to}"'.encode()))
    return moved.getvalue()


@pytest.mark.parametrize("corner", ["XFD1048576", "XFD30000"])
def test_two_cells_far_apart_end_their_reader_and_not_the_service(corner: str) -> None:
    """The reader makes room for all cells between the first and the last: hundreds of gigabytes, were they there."""
    book = elsewhere(workbook([["Postinumero"], ["00100"]]), "A2", corner)
    with pytest.raises(Unreadable) as refused:
        read_sheet(book)
    assert len(book) < 3000
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("corner", ["XFD2", "A1048576"])
def test_a_sheet_with_too_many_rows_or_columns_is_refused(corner: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_sheet(elsewhere(workbook([["Postinumero"], ["00100"]]), "A2", corner))
    assert refused.value.code == "too_many_rows"


def test_cells_come_as_they_are_and_dates_as_no_text() -> None:
    rows: list[list[object]] = [["Äänestysalue", 12, 1.5, True], [None, Day(45_000), "", "=1"]]
    assert [list(line) for line in read_sheet(workbook(rows))] == [
        ["Äänestysalue", 12, 1.5, True],
        ["", True, "", "=1"],
    ]
