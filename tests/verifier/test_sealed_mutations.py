"""Every field of every entry, file and proof of a sealed vote: whoever changes it, with or without keys, is caught."""

import copy
import random
from typing import Any

import pytest

from pb_service.verifier.canonical import loads
from pb_service.verifier.manifest import read_manifest
from pb_service.verifier.sealed.mixing import Stage, start_mix
from pb_service.verifier.sealed.opening import start_opening
from pb_service.verifier.sealed.payload import read_payload
from pb_service.verifier.sealed.ristretto import decode
from pb_service.verifier.sealed.sodium import Sodium
from pb_service.verifier.sealed.work import Work
from tests.verifier import forge
from tests.verifier.builder import Json, b64u, cj
from tests.verifier.forge import Vote, raw
from tests.verifier.judge import checks, failed

HONEST = Vote()
MEMBERS = HONEST.members()
MANIFEST = read_manifest(MEMBERS["manifest.json"])
KINDS: dict[str, Json] = {}
for _entry in map(loads, HONEST.entries):
    KINDS.setdefault(_entry["k"], _entry)

#: The check that fails when whoever signs an entry writes another value into a field; what is not here fails V3.
CHECKS = {
    ("tk1", "h"): "V4",
    ("tk2", "c"): "V4",
    ("tk2", "pf"): "V4",
    ("tk3", "y"): "V4",
    ("env", "a"): "V6",
    ("env", "b"): "V8",
    ("env", "ct"): "V6",
    ("env", "d"): "V6",
    ("env", "pf"): "V6",
    ("env", "y"): "V7",
    ("paper", "a"): "V15",
    ("paper", "d"): "V15",
    ("late", "a"): "V5",
    ("late", "g"): "V5",
    ("key", "id"): "V7",
    ("key", "pk"): "V7",
    ("key", "role"): "V7",
    ("strike", "x"): "V9",
    ("strike", "lh"): "V9",
    ("close", "ts"): "V9",
    ("input", "n"): "V10",
    ("input", "f"): "V10",
    ("mix", "j"): "V7",
    ("mix", "pf"): "V3",
    ("dec", "list"): "V12",
    ("paperlist", "n"): "V15",
}
#: Fields that say something to people, or that whoever signs may choose: no check can call another value wrong.
FREE = {
    ("tk1", "x"),
    ("tk2", "sh"),
    ("extend", "closes"),
    ("input", "ts"),
    ("paper", "no"),
    ("strike", "why"),
} | {(kind, field) for kind in ("round.created", "round.published") for field in ("k", "o", "by", "h", "t")}
FIELDS = [(kind, field) for kind, entry in KINDS.items() for field in sorted(entry)]
OTHERS = {"y": "desk", "role": "auditor", "why": "roll", "no": "box-2", "id": "desk4", "d": "delta", "by": "other"}


def changed(field: str, value: Any) -> Any:
    """Another value of the same form, as near as can be."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        place = max((at for at, one in enumerate(value) if one != ""), default=None)
        return [changed(field, one) if at == place else one for at, one in enumerate(value)] if value else [1]
    if len(value) > 40:
        data = bytearray(raw(value))
        data[-2] ^= 1
        return b64u(bytes(data))
    return OTHERS.get(field, value + "x")


@pytest.mark.parametrize(("kind", "field"), [pair for pair in FIELDS if pair not in FREE and pair[1] != "sg"])
def test_a_field_written_otherwise_and_signed_fails_its_check(kind: str, field: str) -> None:
    done: list[bool] = []

    def change(_index: int, entry: Json) -> None:
        if entry["k"] == kind and not done:
            entry[field] = changed(field, entry[field])
            done.append(True)

    found = failed(Vote(change).members())
    assert CHECKS.get((kind, field), "V3") in found, found


@pytest.mark.parametrize(("kind", "field"), sorted(FREE))
def test_a_field_that_says_nothing_to_a_check_may_be_anything(kind: str, field: str) -> None:
    """So the lists above are complete: these and no other fields are free."""

    def change(_index: int, entry: Json) -> None:
        if entry["k"] == kind and field in entry:
            entry[field] = changed(field, entry[field])

    assert failed(Vote(change).members()) == set()


@pytest.mark.parametrize("kind", [kind for kind, entry in KINDS.items() if "sg" in entry])
def test_a_changed_signature_fails_v7(kind: str) -> None:
    vote = Vote()
    vote.run()
    index = next(i for i, data in enumerate(vote.entries) if loads(data)["k"] == kind)
    entry = loads(vote.entries[index])
    entry["sg"][-1][1] = changed("sg", entry["sg"][-1][1])
    vote.entries[index] = cj(entry)
    assert "V7" in failed(vote.members())


@pytest.mark.parametrize("name", MEMBERS)
def test_a_changed_byte_fails_the_check_of_its_file(name: str) -> None:
    """The record by its tree and signatures, every file by the hash that an entry names."""
    content = MEMBERS[name]
    rng = random.Random(name)  # noqa: S311 - test data
    for position in {0, len(content) - 1, *(rng.randrange(len(content)) for _ in range(3))}:
        flipped = content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
        check = "V1" if name == "checkpoint" or name.startswith("tile/") else "V3"
        assert check in failed(MEMBERS | {name: flipped}), position


@pytest.mark.parametrize("name", MEMBERS)
def test_a_missing_member_is_noticed(name: str) -> None:
    found = failed({other: data for other, data in MEMBERS.items() if other != name})
    may_be_erased = name.startswith("files/")
    assert found == set() if may_be_erased else found & {"V1", "V3"}


def stage(contest: str, number: int, trustee: int, key: bytes) -> Stage:
    known = next(c for c in MANIFEST.contests if c.id == contest)
    before = b"".join(b"".join(row) for row in HONEST.counting(contest))
    after = MEMBERS[f"mix/{contest}/{number}.list"]
    return Stage(MANIFEST.eid, contest.encode(), number, trustee, key, known.blocks, before, after)


@pytest.mark.parametrize("is_pure", [True, False])
@pytest.mark.parametrize("contest", ["alfa", "beta"])
def test_every_number_of_a_mix_proof_counts(contest: str, is_pure: bool) -> None:
    proof = MEMBERS[f"mix/{contest}/1.proof"]
    about = stage(contest, 1, 1, HONEST.joint)
    with Work(0, 1) as work:
        assert start_mix(work, is_pure, about, proof, 1)()
        for start in range(0, len(proof), 32):
            for other in (proof[start : start + 32][::-1], forge.base(7), forge.le(7), bytes(32)):
                forged = proof[:start] + other + proof[start + 32 :]
                assert not start_mix(work, is_pure, about, forged, 1)(), start
        assert not start_mix(work, is_pure, about, proof[:-32], 1)()
        assert not start_mix(work, is_pure, about, proof + bytes(32), 1)()


@pytest.mark.parametrize("is_pure", [True, False])
@pytest.mark.parametrize("field", ["eid", "contest", "number", "trustee", "key", "pairs", "before", "after"])
def test_a_mix_proof_is_about_one_thing(field: str, is_pure: bool) -> None:
    about = copy.copy(stage("beta", 1, 1, HONEST.joint))
    value = getattr(about, field)
    other = value + 1 if isinstance(value, int) else forge.base(5) if field == "key" else value[64:] + value[:64]
    object.__setattr__(about, field, bytes(32) if field == "eid" else b"x" if field == "contest" else other)
    with Work(0, 1) as work:
        assert not start_mix(work, is_pure, about, MEMBERS["mix/beta/1.proof"], 1)()


@pytest.mark.parametrize("is_pure", [True, False])
def test_every_number_of_a_decryption_counts(is_pure: bool) -> None:
    data = MEMBERS["dec/beta/2"]
    about = stage("beta", 2, 2, HONEST.shares[1])
    with Work(0, 1) as work:
        assert start_opening(work, is_pure, about, data, 1)()
        for start in range(0, len(data), 32):
            for other in (data[start : start + 32][::-1], forge.base(7), forge.le(7), bytes(32)):
                forged = data[:start] + other + data[start + 32 :]
                assert not start_opening(work, is_pure, about, forged, 1)(), start


def test_many_slices_give_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list longer than one job's share is cut, and the sums of the parts put together."""
    for module in ("mixing", "opening"):
        monkeypatch.setattr(f"pb_service.verifier.sealed.{module}.SLICE", 2)
    assert failed(MEMBERS) == set()
    assert failed(MEMBERS, is_pure=True) == set()


def test_processes_give_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pb_service.verifier.sealed.work.WORTH_IT", 0)
    assert failed(MEMBERS) == set()


# --- fuzzing


ODD: list[Any] = [
    0,
    -1,
    2**53 - 1,
    True,
    False,
    "",
    "x",
    "é",
    [],
    [[]],
    {},
    {"a": 1},
    [0],
    b64u(bytes(32)),
    b64u(b"x" * 64),
]


@pytest.mark.parametrize("seed", range(40))
def test_odd_values_crash_nothing_and_are_not_taken(seed: int) -> None:
    """A signed entry in which any field is of any other form."""
    rng = random.Random(seed)  # noqa: S311 - test data
    index, odd = rng.randrange(1, len(HONEST.entries) - 1), rng.choice(ODD)
    vote = Vote()
    vote.run()
    entry = loads(vote.entries[index])
    field = rng.choice(sorted(entry))
    if entry[field] == odd and type(entry[field]) is type(odd):
        odd = "y"
    entry[field] = odd
    vote.entries[index] = cj(entry)
    assert failed(vote.members()) - {"V1"}


@pytest.mark.parametrize("seed", range(12))
def test_odd_members_crash_nothing(seed: int) -> None:
    """Files replaced by other files, random bytes, or cut."""
    rng = random.Random(seed)  # noqa: S311 - test data
    members = dict(MEMBERS)
    for name in rng.sample(sorted(members), 3):
        other = rng.choice([b"", b"{}", b"null", rng.randbytes(64), members[rng.choice(sorted(members))]])
        members[name] = rng.choice([other, members[name][: rng.randrange(len(members[name]) or 1)]])
    assert all(check.status for check in checks(members).values())


def test_random_bytes_are_no_payload_and_rarely_a_point() -> None:
    rng = random.Random(5)  # noqa: S311 - test data
    sodium = Sodium()
    for _ in range(300):
        for contest in MANIFEST.contests:
            assert read_payload(rng.randbytes(30 * contest.blocks), contest) is None
        data = rng.randbytes(32)
        assert (decode(data) is not None) == sodium.is_sound(data)


@pytest.mark.parametrize("contest", MANIFEST.contests, ids=lambda contest: contest.id)
def test_a_payload_has_one_spelling(contest: Any) -> None:
    """No byte of a blank ballot's padding may be anything else without being another ballot, or none."""
    blank = bytes([1, contest.encoding]) + bytes(30 * contest.blocks - 2)
    known = {str([])}
    assert read_payload(blank, contest) == []
    for place in range(len(blank)):
        for value in (1, 2, 128, 255):
            if blank[place] == value:
                continue
            found = read_payload(blank[:place] + bytes([value]) + blank[place + 1 :], contest)
            assert found is None or str(found) not in known
            known |= {str(found)} if found is not None else set()
