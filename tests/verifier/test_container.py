"""The ZIP container: one spelling of its members is read, every other file is refused and nothing is unpacked."""

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pb_service.verifier import container
from pb_service.verifier.findings import Unreadable
from tests.verifier import builder

MEMBERS = {"a": b"first", "b/c.json": b"", "b/d": b"third" * 10}
GOOD = builder.container(MEMBERS)


def refusal(data: bytes) -> str:
    """The code of the refusal to read `data`."""
    with pytest.raises(Unreadable) as caught:
        container.read(data)
    return caught.value.code


def archive(name: str, data: bytes = b"data", **settings: Any) -> bytes:
    """An archive of one member whose header fields are as given."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        info = zipfile.ZipInfo(name)
        info.create_system = 0
        for field, value in settings.items():
            setattr(info, field, value)
        target.writestr(info, data)
        info.external_attr = 0
    return file.getvalue()


def test_members_are_read_in_order() -> None:
    assert list(container.read(GOOD).items()) == list(MEMBERS.items())


def test_every_changed_byte_is_refused() -> None:
    """Headers are determined by the members and the members by their checksums."""
    for position in range(len(GOOD)):
        for bit in range(8):
            changed = bytearray(GOOD)
            changed[position] ^= 1 << bit
            refusal(bytes(changed))


def test_every_truncation_is_refused() -> None:
    for length in range(len(GOOD)):
        refusal(GOOD[:length])


@pytest.mark.parametrize(
    "data", [GOOD + b"\0", b"\0" + GOOD, GOOD + GOOD, GOOD[:5] * 3], ids=["after", "before", "two", "junk"]
)
def test_nothing_stands_before_or_after(data: bytes) -> None:
    refusal(data)


@pytest.mark.parametrize(
    "name",
    [
        "../up",
        "a/../b",
        "/etc/passwd",
        "a//b",
        "a/",
        "./a",
        "..",
        ".",
        "a\\b",
        "C:a",
        "a b",
        "ä",
        "a\nb",
        "\x1b[2J",
        "a/..",
        "tile/",
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert refusal(archive(name)) in {"bad_name", "unusual_header"}


def test_names_are_sorted_and_occur_once() -> None:
    def raw(*names: str) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as target:
            for name in names:
                info = zipfile.ZipInfo(name)
                info.create_system = 0
                target.writestr(info, b"")
                info.external_attr = 0
        return file.getvalue()

    assert container.read(raw("a", "b")) == {"a": b"", "b": b""}
    assert refusal(raw("b", "a")) == "unsorted_names"
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = raw("a", "a")
    assert refusal(twice) == "unsorted_names"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("compress_type", zipfile.ZIP_DEFLATED),
        ("compress_type", zipfile.ZIP_BZIP2),
        ("create_system", 3),
        ("date_time", (2026, 1, 1, 0, 0, 0)),
        ("extra", b"\x99\x99\x04\x00abcd"),
        ("comment", b"hello"),
        ("internal_attr", 1),
    ],
)
def test_unusual_headers_are_refused(setting: str, value: Any) -> None:
    assert refusal(archive("a", **{setting: value})) in {"unusual_header", "unusual_directory"}


def test_a_bomb_is_refused_at_its_header() -> None:
    """Compressed members are never inflated, so a small file stays small."""
    bomb = archive("a", bytes(50_000_000), compress_type=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    assert refusal(bomb) == "unusual_header"


def test_sizes_that_reach_past_the_end_are_refused() -> None:
    for size in (len(GOOD), 2**31, 2**32 - 1):
        assert refusal(GOOD[:18] + struct.pack("<2L", size, size) + GOOD[26:]) == "truncated"


def test_entries_that_overlap_are_refused() -> None:
    """The directory of a forged file points twice at the same bytes; ours must point where members are."""
    overlapping = bytearray(GOOD)
    second = GOOD.index(b"PK\x01\x02", GOOD.index(b"PK\x01\x02") + 1)
    overlapping[second + 42 : second + 46] = bytes(4)
    assert refusal(bytes(overlapping)) == "unusual_directory"


def test_a_comment_at_the_end_is_refused() -> None:
    file = io.BytesIO(GOOD)
    with zipfile.ZipFile(file, "a") as target:
        target.comment = b"comment"
    assert refusal(file.getvalue()) == "unusual_directory"


def test_zip64_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target, target.open("a", "w", force_zip64=True) as member:
        member.write(b"data")
    assert refusal(file.getvalue()) in {"unusual_header", "truncated"}


def test_too_many_members_are_refused() -> None:
    empty = b"PK\3\4" + struct.pack("<5H3L2H", 20, 0, 0, 0, 33, 0, 0, 0, 5, 0)
    assert refusal(b"".join(empty + b"%05d" % number for number in range(65_535))) == "too_many"


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip", b"PK\5\6" + bytes(18), b"\x1f\x8b"])
def test_what_is_no_archive_or_empty_is_no_bundle(data: bytes) -> None:
    assert refusal(data) == "not_a_bundle"


def test_files_of_4_gib_are_refused_unread(tmp_path: Path) -> None:
    large = tmp_path / "large.zip"
    with large.open("wb") as file:
        file.truncate(2**32)
    with pytest.raises(Unreadable) as caught:
        container.read_file(str(large))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("name", ["missing.zip", "folder"])
def test_what_is_no_file_is_unreadable(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unreadable):
        container.read_file(str(tmp_path / name))
