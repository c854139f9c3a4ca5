"""Errand files: a record in one file, and the answer beside it."""

import zipfile
from pathlib import Path

import pytest

from pb_service.core.rounds.bundle import zip_stored
from pb_service.trustee.parcel import Parcel, record_of
from pb_service.trustee.sources import Folder, SourceError


@pytest.fixture
def errand(tmp_path: Path) -> Path:
    path = tmp_path / "spring-12.zip"
    path.write_bytes(zip_stored({"checkpoint": b"head", "file/00": b"body"}))
    return path


def test_errand_is_read_like_a_record_at_an_address(errand: Path) -> None:
    source = record_of(str(errand))
    assert source.read("checkpoint") == b"head"
    with pytest.raises(SourceError, match="has no tile"):
        source.read("tile/0/000")


def test_answer_stands_beside_the_errand_in_the_order_it_was_given(errand: Path) -> None:
    """Whole after each piece, so that a tool that is stopped leaves no half of one."""
    parcel = Parcel(errand)
    assert not parcel.has_answer
    parcel.hand_in("file", b"list")
    parcel.hand_in("entry", b"mix")
    with zipfile.ZipFile(errand.with_name("spring-12-answer.zip")) as answer:
        assert [(name, answer.read(name)) for name in answer.namelist()] == [
            ("00000-file", b"list"),
            ("00001-entry", b"mix"),
        ]


def test_what_is_no_errand_is_refused_and_a_folder_is_a_record(tmp_path: Path) -> None:
    path = tmp_path / "errand.zip"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(SourceError, match="no errand file"):
        record_of(str(path))
    assert isinstance(record_of(str(tmp_path)), Folder)
