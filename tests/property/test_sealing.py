"""Rules of sealed ballots that hold for every choice, every list and every garbage."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pb_service.core.record import entries
from pb_service.core.rounds.documents import Ballot, Limits
from pb_service.core.sealing import envelope, payload, shuffle, threshold
from pb_service.core.sealing.blocks import BlockError, block, blocks, payload_of
from pb_service.core.sealing.ceremony import Secrets, Setting, check_deals, deal, joint_key, promise, receive
from pb_service.core.sealing.group import (
    IDENTITY,
    ORDER,
    combination,
    is_point,
    minus,
    plus,
    random_scalar,
    times,
    times_base,
)
from pb_service.core.sealing.manifest import Manifest, ManifestError, Setup
from pb_service.core.sealing.opening import OpeningError, read_paper_list
from pb_service.core.sealing.payload import BallotShape, PayloadError
from tests.sealing import repeatable

SCALARS = st.integers(0, ORDER - 1)
KEY = 31337
PLACE = envelope.Place(bytes(32), "north", bytes(32), 7)


@st.composite
def choices(draw: Any) -> tuple[BallotShape, Ballot]:
    """A contest of any format, and a ballot that it allows."""
    fmt = draw(st.sampled_from(["approval", "knapsack", "points", "scores", "ordinal"]))
    projects = draw(st.integers(1, 300))
    most = draw(st.integers(1, min(projects, 20)))
    limits: Limits = {"blank": True}
    if draw(st.booleans()):
        limits["k"] = most
    if fmt == "scores":
        limits |= {"smin": draw(st.integers(-5, 5)), "smax": 100}
    named = draw(st.lists(st.integers(0, projects - 1), max_size=most, unique=True))
    shape = BallotShape.of(fmt, limits, [100] * projects)
    if fmt == "ordinal":
        return shape, named
    if fmt in {"approval", "knapsack"}:
        return shape, sorted(named)
    least = limits.get("smin", 1)
    return shape, [[number, draw(st.integers(least, 100))] for number in sorted(named)]


@given(choices())
def test_a_choice_has_one_payload_and_comes_back(choice: tuple[BallotShape, Ballot]) -> None:
    shape, ballot = choice
    data = payload.encode(ballot, shape)
    assert len(data) == 30 * shape.width
    assert payload.decode(data, shape) == ballot
    assert payload_of(blocks(data)) == data


@given(choices(), st.binary(max_size=90))
def test_garbage_is_a_payload_only_if_it_is_the_one_of_its_ballot(
    choice: tuple[BallotShape, Ballot], garbage: bytes
) -> None:
    shape, _ = choice
    data = (bytes([1, shape.enc]) + garbage).ljust(30 * shape.width, b"\x00")[: 30 * shape.width]
    try:
        ballot = payload.decode(data, shape)
    except PayloadError:
        return
    assert payload.encode(ballot, shape) == data


@given(st.binary(min_size=30, max_size=30))
def test_thirty_bytes_are_one_point(data: bytes) -> None:
    point = block(data)
    assert is_point(point)
    assert payload_of([point]) == data


@given(st.binary(min_size=32, max_size=32))
def test_a_point_that_is_no_block_is_refused(data: bytes) -> None:
    try:
        assert block(payload_of([data])) == data
    except BlockError:
        assert not is_point(data) or data[0] % 2 or data[31] or block(data[1:31]) != data


@given(SCALARS, SCALARS)
def test_the_group_is_one(one: int, other: int) -> None:
    assert plus(times_base(one), times_base(other)) == times_base((one + other) % ORDER)
    assert times(one, times_base(other)) == times_base(one * other % ORDER)
    assert minus(times_base(one), times_base(one)) == IDENTITY
    assert combination([one, other], [times_base(1), times_base(2)]) == times_base((one + 2 * other) % ORDER)


@settings(max_examples=20)
@given(st.integers(1, 9), st.integers(1, 3), st.text(max_size=8))
def test_a_shuffle_keeps_every_row_and_its_proof_holds(rows: int, width: int, seed: str) -> None:
    random = repeatable(seed)
    sealed = [
        envelope.seal(bytes([1, 1, row]).ljust(30 * width, b"\x00"), PLACE, times_base(KEY), random)[0]
        for row in range(rows)
    ]
    before = b"".join(sorted(item.row() for item in sealed))
    stage = shuffle.Stage(bytes(32), "north", 1, 1, times_base(KEY), width)
    after, proof = shuffle.shuffle(before, stage, random)
    shuffle.verify(before, after, proof, stage)
    share = threshold.Share(bytes(32), "north", 1, times_base(KEY), width)
    found = threshold.combine(after, {1: threshold.verify(after, threshold.decrypt(after, share, KEY, random), share)})
    opened = [payload_of(found[start : start + width])[2] for start in range(0, len(found), width)]
    assert sorted(opened) == list(range(rows))


@settings(max_examples=60)
@given(st.data())
def test_a_proof_with_any_byte_changed_does_not_hold(data: st.DataObject) -> None:
    random = repeatable("one byte")
    rows = b"".join(envelope.seal(bytes(30), PLACE, times_base(KEY), random)[0].row() for _ in range(3))
    stage = shuffle.Stage(bytes(32), "north", 1, 1, times_base(KEY), 1)
    after, proof = shuffle.shuffle(rows, stage, random)
    at = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 7))
    forged = proof[:at] + bytes([proof[at] ^ 1 << bit]) + proof[at + 1 :]
    with pytest.raises(shuffle.ShuffleError):
        shuffle.verify(rows, after, forged, stage)


@settings(max_examples=15)
@given(st.integers(2, 5), st.data())
def test_any_quorum_has_the_same_key_and_fewer_have_none(trustees: int, data: st.DataObject) -> None:
    quorum = data.draw(st.integers(2, trustees))
    chosen = data.draw(st.permutations(range(1, trustees + 1)))[:quorum]
    setting, random = Setting(bytes(32), trustees, quorum), repeatable("quorum")
    secrets = [Secrets.draw(setting, random) for _ in range(trustees)]
    promises = [promise(setting, number, each) for number, each in enumerate(secrets, start=1)]
    deals = [deal(setting, number, each, promises, random) for number, each in enumerate(secrets, start=1)]
    joint = joint_key(check_deals(setting, promises, deals))
    shares = {j: receive(setting, j, secrets[j - 1], promises, deals)[0] for j in chosen}
    assert all(times_base(share) == joint.shares[j - 1] for j, share in shares.items())
    assert times_base(sum(threshold.lagrange(j, chosen) * share for j, share in shares.items()) % ORDER) == joint.key
    fewer = chosen[:-1]
    assert times_base(sum(threshold.lagrange(j, fewer) * shares[j] for j in fewer) % ORDER) != joint.key


@given(st.binary(max_size=300))
def test_decoders_of_documents_refuse_garbage_without_a_crash(garbage: bytes) -> None:
    for read, error in ((Setup.read, ManifestError), (Manifest.read, ManifestError)):
        with pytest.raises(error):
            read(garbage)
    with pytest.raises(OpeningError):
        read_paper_list(garbage, bytes(32), "north", 1, 0)
    with pytest.raises(entries.EntryError):
        entries.parse(garbage)


@given(st.binary(max_size=200))
def test_decoders_of_lists_refuse_garbage_without_a_crash(garbage: bytes) -> None:
    stage = shuffle.Stage(bytes(32), "north", 1, 1, times_base(KEY), 1)
    share = threshold.Share(bytes(32), "north", 1, times_base(KEY), 1)
    with pytest.raises(shuffle.ShuffleError):
        shuffle.verify(garbage, garbage, garbage, stage)
    with pytest.raises(threshold.DecryptionError):
        threshold.verify(garbage, garbage, share)


def test_where_a_ballot_lies_after_mixing_says_nothing_of_where_it_was() -> None:
    """600 shuffles of six rows: chi-squared of first row's place, below the bound that chance passes once in 10,000."""
    counts = [0] * 6
    random = repeatable("places")
    for _ in range(600):
        counts[shuffle.permutation(6, random).index(0)] += 1
    assert sum((count - 100) ** 2 / 100 for count in counts) < 25.7


def test_scalars_are_drawn_from_all_of_them() -> None:
    random = repeatable("scalars")
    drawn = [random_scalar(random) for _ in range(200)]
    assert len(set(drawn)) == 200
    assert max(drawn) > ORDER * 9 // 10
    assert min(drawn) < ORDER // 10
