"""The entries of the record: their fields, their signatures, their order (docs/schemas/bundle.md section 3)."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import entries
from pb_service.core.record.canonical import b64u, encode
from pb_service.core.record.entries import Entry, EntryError, Progress
from pb_service.core.record.signatures import public_bytes

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
EID = entries.election_id(b"{}")
FILE = bytes(range(32))
SIGNERS = {"op": KEY}
CONTESTS = ["north", "south"]


def act(at: int = 1000) -> Entry:
    return entries.parse(entries.act("round.created", at, "demo", "operator", FILE))


def manifest() -> Entry:
    return entries.parse(entries.manifest_entry(EID, FILE, SIGNERS))


def close(size: int, at: int = 1000) -> Entry:
    return entries.parse(entries.close_entry(EID, size, at, SIGNERS))


def result(contest: str) -> Entry:
    return entries.parse(entries.result_entry(EID, contest, FILE, FILE, SIGNERS))


def test_act_is_canonical_and_not_signed() -> None:
    """An act says when, on what, in which role, and names its salted file by hash; nothing else."""
    body = entries.act("round.created", 1000, "demo", "operator", FILE)
    assert body == (f'{{"by":"operator","h":"{b64u(FILE)}","k":"round.created","o":"demo","t":1000,"v":1}}'.encode())
    entries.check_signed(entries.parse(body), EID, public_bytes(KEY))


def test_election_id() -> None:
    """The eid is H32 over the bytes of the manifest: a fixed example."""
    assert EID.hex() == "54d07392332f108de384dd8865246ff1250b19e93f56599272555c1d3c011a65"


@pytest.mark.parametrize("entry", [manifest(), close(3), result("north")], ids=lambda entry: entry.kind)
def test_steps_of_the_vote_are_signed_by_the_operator(entry: Entry) -> None:
    """They verify under the operator's key and for their election alone."""
    entries.check_signed(entry, EID, public_bytes(KEY))
    with pytest.raises(EntryError, match="another election"):
        entries.check_signed(entry, FILE, public_bytes(KEY))
    with pytest.raises(EntryError, match="not valid"):
        entries.check_signed(entry, EID, public_bytes(Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)))


def test_fields_are_read() -> None:
    """The fields of an entry and its time are at hand."""
    assert act(5).time == 5
    assert close(3, 7).time == 7
    assert manifest().time is None
    assert result("north").fields["bal"] == b64u(FILE)


ACT: dict[str, Any] = {"v": 1, "k": "round.created", "t": 1, "o": "demo", "by": "operator", "h": b64u(FILE)}
CLOSE: dict[str, Any] = dict(close(3).fields)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"k": "Round.created"},
        {"k": "round"},
        {"k": "round."},
        {"k": "env"},
        {"k": 1},
        {"t": -1},
        {"t": True},
        {"t": "1"},
        {"o": ""},
        {"o": "a b"},
        {"o": "å"},
        {"o": "a" * 129},
        {"o": "a\n"},
        {"by": "Operator"},
        {"by": ""},
        {"h": b64u(FILE[:31])},
        {"h": b64u(FILE) + "="},
        {"h": 1},
        {"more": 1},
        {"sg": [["op", b64u(bytes(64))]]},
    ],
    ids=str,
)
def test_acts_of_another_form_are_refused(change: dict[str, Any]) -> None:
    """Every field is checked, none may be added."""
    with pytest.raises(EntryError):
        entries.parse(encode(ACT | change))


@pytest.mark.parametrize(
    "change",
    [
        {"n": -1},
        {"ts": False},
        {"e": "x"},
        {"sg": []},
        {"sg": {}},
        {"sg": [["op"]]},
        {"sg": [[1, b64u(bytes(64))]]},
        {"sg": [["op", b64u(bytes(63))]]},
        {"sg": [["op", b64u(bytes(64))]] * 2},
        {"d": "north"},
        {"k": "result"},
    ],
    ids=str,
)
def test_signed_entries_of_another_form_are_refused(change: dict[str, Any]) -> None:
    """The same for the steps of the vote; a signer signs once."""
    with pytest.raises(EntryError):
        entries.parse(encode(CLOSE | change))


@pytest.mark.parametrize("field", sorted(ACT))
def test_every_field_is_required(field: str) -> None:
    """A missing field is not taken for a default."""
    with pytest.raises(EntryError):
        entries.parse(encode({name: value for name, value in ACT.items() if name != field}))


@pytest.mark.parametrize("body", [b"", b"[]", b'"k"', b"{}", encode(ACT) + b"\n", encode(ACT).replace(b",", b", ")])
def test_what_is_no_canonical_object_is_refused(body: bytes) -> None:
    """An entry is the canonical JSON of an object."""
    with pytest.raises(EntryError):
        entries.parse(body)


def test_entries_have_a_limit() -> None:
    """An entry fits into a bundle."""
    with pytest.raises(EntryError, match="at most 65535 bytes"):
        entries.parse(b" " * 65_536)


def test_what_we_would_not_read_we_do_not_write() -> None:
    """A wrong argument is found before it stands in the record for ever."""
    with pytest.raises(EntryError, match="bad field 'o'"):
        entries.act("round.created", 1, "å", "operator", FILE)
    with pytest.raises(EntryError, match="bad field 'd'"):
        entries.result_entry(EID, "North", FILE, FILE, SIGNERS)


def test_order_of_a_whole_round() -> None:
    """Acts anywhere, one manifest, one close that states its own index, one result for each contest."""
    record = [act(), manifest(), act(), close(3), result("south"), act(), result("north"), act()]
    progress = entries.check_sequence(record, CONTESTS)
    assert progress == Progress(8, 1000, True, True, frozenset(CONTESTS))


@pytest.mark.parametrize(
    ("record", "at"),
    [
        ([manifest(), manifest()], 1),
        ([close(0)], 0),
        ([manifest(), close(2)], 1),
        ([manifest(), close(1), close(2)], 2),
        ([manifest(), close(1), manifest()], 2),
        ([manifest(), result("north")], 1),
        ([manifest(), close(1), result("north"), result("north")], 3),
        ([manifest(), close(1), result("west")], 2),
    ],
    ids=[
        "two manifests",
        "no manifest",
        "wrong index",
        "two closes",
        "late manifest",
        "not closed",
        "twice",
        "unknown",
    ],
)
def test_entries_out_of_order_are_refused(record: list[Entry], at: int) -> None:
    """The first entry out of order is named by its index."""
    with pytest.raises(EntryError, match=rf"entry {at}: .* out of order"):
        entries.check_sequence(record, CONTESTS)


def test_times_may_run_back_by_300_seconds() -> None:
    """Clocks differ a little; from one time to the next, no more than 300 seconds backwards."""
    entries.check_sequence([act(1000), act(700), manifest(), close(3, 400)], CONTESTS)
    with pytest.raises(EntryError, match=r"entry 2: .* 300 seconds"):
        entries.check_sequence([act(1000), manifest(), act(699)], CONTESTS)
    with pytest.raises(EntryError, match=r"entry 2: .* 300 seconds"):
        entries.check_sequence([act(1000), manifest(), close(2, 699)], CONTESTS)
