"""What trustees bring back is read with care: it comes from machines that nobody here has seen."""

import io
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest

from pb_service.features.counting.errands import read_answer
from pb_service.features.counting.errors import AnswerRefused


def _answer(kind: int, *, spoilt: slice = slice(0)) -> bytes:
    made = io.BytesIO()
    with ZipFile(made, "w", kind) as file:
        file.writestr("0-entry", b"entry " * 1_000)
    body = bytearray(made.getvalue())
    body[spoilt] = bytes(byte ^ 0xFF for byte in body[spoilt])
    return bytes(body)


def test_an_answer_is_read() -> None:
    assert read_answer(_answer(ZIP_DEFLATED)).messages == (b"entry " * 1_000,)


@pytest.mark.parametrize(
    "body", [b"", b"PK", _answer(ZIP_BZIP2), _answer(ZIP_DEFLATED, spoilt=slice(38, 48)), _answer(ZIP_DEFLATED)[:60]]
)
def test_a_damaged_answer_is_refused_in_words(body: bytes) -> None:
    """Not a fault of ours: the trustee sends it again."""
    with pytest.raises(AnswerRefused, match="pb trustee"):
        read_answer(body)
