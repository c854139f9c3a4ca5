"""Whatever is changed in a bundle without the keys, the verifier notices, and says so under the right check."""

import pytest

from pb_service.verifier import container
from pb_service.verifier.findings import Unreadable
from tests.verifier import builder
from tests.verifier.judge import failed

TINY = builder.plan([(builder.contest("a", [6, 5, 4], builder.GREEDY, budget=10, k=2), [[0, 1], [0], [1, 2], [2], []])])
MEMBERS = TINY.seal()
SMALL = builder.small().seal()


def right_check(name: str) -> str:
    """The check that answers for a member: the record by its tree, every file by its hash."""
    return "V1" if name == "checkpoint" or name.startswith("tile/") else "V3"


def flipped(name: str, position: int, *, bits: int = 1) -> dict[str, bytes]:
    content = bytearray(MEMBERS[name])
    content[position] ^= bits
    return MEMBERS | {name: bytes(content)}


def test_unchanged_bundles_pass() -> None:
    assert failed(MEMBERS) == failed(SMALL) == set()


@pytest.mark.parametrize("name", MEMBERS)
def test_a_changed_byte_fails_its_check(name: str) -> None:
    """A sample of the bytes of every member; the test below takes all of them."""
    for position in range(hash_free_offset(name), len(MEMBERS[name]), 11):
        assert right_check(name) in failed(flipped(name, position)), position


def hash_free_offset(name: str) -> int:
    """A starting place that differs from member to member."""
    return len(name) % 11


@pytest.mark.long
@pytest.mark.parametrize("bits", [1, 0x20, 0x80])
@pytest.mark.parametrize("name", MEMBERS)
def test_every_changed_byte_fails_its_check(name: str, bits: int) -> None:
    for position in range(len(MEMBERS[name])):
        assert right_check(name) in failed(flipped(name, position, bits=bits)), position


def test_every_changed_byte_of_the_file_is_unreadable() -> None:
    data = builder.container(MEMBERS)
    for position in range(len(data)):
        with pytest.raises(Unreadable):
            container.read(data[:position] + bytes([data[position] ^ 4]) + data[position + 1 :])


@pytest.mark.parametrize("name", SMALL)
def test_a_dropped_member_fails_its_check(name: str) -> None:
    assert right_check(name) in failed({other: data for other, data in SMALL.items() if other != name})


@pytest.mark.parametrize("name", SMALL)
def test_a_shortened_or_lengthened_member_fails_its_check(name: str) -> None:
    assert right_check(name) in failed(SMALL | {name: SMALL[name][:-1]})
    assert right_check(name) in failed(SMALL | {name: SMALL[name] + b"\n"})
    assert right_check(name) in failed(SMALL | {name: b""})


@pytest.mark.parametrize("name", SMALL)
def test_a_renamed_member_fails_its_check(name: str) -> None:
    renamed = {other + ("x" if other == name else ""): data for other, data in SMALL.items()}
    assert right_check(name) in failed(renamed)


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("extra", "V3"),
        ("manifest.jsonx", "V3"),
        ("ballots/gamma.json", "V3"),
        ("lists/alfa.jsonx", "V3"),
        ("Manifest.json", "V3"),
        ("outcomes/alfa", "V3"),
        ("tile/0/000", "V1"),
        ("tile/0/000.p/6", "V1"),
        ("tile/1/000.p/1", "V1"),
        ("tile/x", "V1"),
        ("tile/entries/001", "V1"),
        ("tile/entries/000.p/6", "V1"),
        ("tile/entries/x", "V1"),
        ("checkpoint.2", "V3"),
    ],
)
def test_an_added_member_fails_its_check(name: str, check: str) -> None:
    assert check in failed(SMALL | {name: b"anything"})


@pytest.mark.parametrize("folder", ["lists", "ballots", "outcomes"])
def test_two_members_swapped_fail(folder: str) -> None:
    one, other = f"{folder}/alfa.json", f"{folder}/beta.json"
    assert "V3" in failed(SMALL | {one: SMALL[other], other: SMALL[one]})


def test_members_of_another_round_fail() -> None:
    """Each file of another round, signed by the same keys, does not fit."""
    other = builder.small()
    other.manifest["closes"] += 1
    foreign = other.seal()
    for name in SMALL:
        if foreign[name] != SMALL[name]:
            assert right_check(name) in failed(SMALL | {name: foreign[name]}), name
