"""Every value of the trial implementation, which was made before this one, comes out again."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pb_service.core.record import entries
from pb_service.core.record.canonical import decode
from pb_service.core.record.framing import frame, h32, h64
from pb_service.core.rounds.documents import Limits
from pb_service.core.sealing import ceremony, envelope, payload, shuffle, threshold
from pb_service.core.sealing.blocks import BlockError, block, blocks, payload_of
from pb_service.core.sealing.group import generator, hash_to_scalar, read_points, scalar_bytes

TRIAL: dict[str, Any] = json.loads((Path(__file__).parents[3] / "data" / "sealing" / "trial.json").read_text())


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def number(text: str) -> int:
    return int.from_bytes(raw(text), "little")


@pytest.mark.parametrize("case", TRIAL["framing"])
def test_hashes_of_several_parts(case: dict[str, Any]) -> None:
    parts = [raw(part) for part in case["parts"]]
    assert frame(case["tag"].encode(), *parts).hex() == case["frame"]
    found = {"H32": h32, "H64": h64, "Hs": lambda *args: scalar_bytes(hash_to_scalar(*args))}[case["f"]]
    assert found(case["tag"], *parts).hex() == case["out"]


def test_generators() -> None:
    assert [generator(place).hex() for place in range(5)] == TRIAL["generators"]


@pytest.mark.parametrize("case", TRIAL["blocks"])
def test_block_of_thirty_bytes(case: dict[str, str]) -> None:
    assert block(raw(case["data"])) == raw(case["point"])
    assert payload_of([raw(case["point"])]) == raw(case["data"])


@pytest.mark.parametrize("case", TRIAL["blocks_bad"])
def test_a_point_that_no_block_gives_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(BlockError):
        payload_of([raw(case["point"])])


def _padded(nonce: bytes, size: int) -> bytes:
    return nonce.ljust(size, b"\x00")


def shape_of(contest: dict[str, Any]) -> payload.BallotShape:
    limits: Limits = {"blank": contest.get("blank", True)}
    limits.update({name: contest[name] for name in ("k", "cost", "sum", "each", "smin", "smax") if name in contest})  # type: ignore[typeddict-item] # names of limits
    if contest.get("exact"):
        limits["summin"] = contest["sum"]
    return payload.BallotShape.of(contest["fmt"], limits, [100 * (place + 1) for place in range(contest["m"])])


@pytest.mark.parametrize("case", TRIAL["payloads"])
def test_payload_of_every_format(case: dict[str, Any]) -> None:
    shape, choice = shape_of(case["contest"]), case["choice"]
    assert (shape.enc, shape.width) == (case["contest"]["enc"], case["contest"]["w"])
    ballot = [[int(project), value] for project, value in choice.items()] if isinstance(choice, dict) else choice
    padded = raw(case["payload"]).ljust(30 * shape.width, b"\x00")
    assert payload.encode(ballot, shape) == padded
    assert payload.decode(padded, shape) == ballot


@pytest.mark.parametrize(
    ("contest", "bad"), [(case["contest"], bad) for case in TRIAL["payloads"] for bad in case["bad"]]
)
def test_a_payload_that_is_no_ballot_is_refused(contest: dict[str, Any], bad: dict[str, str]) -> None:
    shape = shape_of(contest)
    with pytest.raises(payload.PayloadError):
        payload.decode(raw(bad["payload"]).ljust(30 * shape.width, b"\x00"), shape)


@pytest.mark.parametrize("case", TRIAL["ballots"])
def test_sealed_ballot(case: dict[str, Any]) -> None:
    place = envelope.Place(raw(case["eid"]), case["d"], raw(case["alias"]), case["b"])
    padded = raw(case["payload"]).ljust(30 * case["w"], b"\x00")
    secrets, nonces = [number(text) for text in case["r"]], [number(text) for text in case["s"]]
    random = iter([scalar_bytes(value).ljust(64, b"\x00") for value in (*secrets, *nonces)])
    sealed, kept = envelope.seal(padded, place, raw(case["Y"]), lambda _size: next(random))
    assert kept == secrets
    assert [point.hex() for point in blocks(padded)] == case["M"]
    assert [[a.hex(), b.hex()] for a, b in sealed.pairs] == case["ct"]
    assert [part.hex() for part in sealed.proof] == [case["c"], *case["z"]]
    assert (sealed.seal_hash().hex(), sealed.seal_code()) == (case["seal_hash"], case["seal_code"])
    envelope.check(sealed)
    envelope.check_opening(sealed, padded, secrets, raw(case["Y"]))
    assert entries.parse(case["entry"].encode()).kind == "env"


def test_shuffle() -> None:
    case = TRIAL["shuffle"]
    stage = shuffle.Stage(raw(case["eid"]), case["d"], case["stage"], case["trustee"], raw(case["Y"]), case["w"])
    one, two, three = map(number, case["omega_1_2_3"])
    secret = shuffle.Secrets(
        order=[place - 1 for place in case["pi"]],
        rho=[[number(text) for text in row] for row in case["rho"]],
        r=[number(text) for text in case["r"]],
        q=[number(text) for text in case["r_hat"]],
        o=(one, two, three),
        o4=[number(text) for text in case["omega_4"]],
        oq=[number(text) for text in case["omega_hat"]],
        ou=[number(text) for text in case["omega_tilde"]],
    )
    after, proof = shuffle.prove(read_points(raw(case["in"])), stage, secret)
    assert (after.hex(), proof.hex()) == (case["out"], case["proof"])
    shuffle.verify(raw(case["in"]), after, proof, stage)


def test_partial_decryption_and_combination() -> None:
    case = TRIAL["decryption"]
    rows, parts = raw(case["list"]), {}
    for part in case["parts"]:
        share = threshold.Share(raw(case["eid"]), case["d"], part["j"], raw(part["Y_j"]), case["w"])
        file = threshold.decrypt(rows, share, number(part["x"]), partial(_padded, raw(part["omega"])))
        assert file.hex() == part["file"]
        parts[part["j"]] = threshold.verify(rows, file, share)
        weight = threshold.lagrange(part["j"], [other["j"] for other in case["parts"]])
        assert scalar_bytes(weight).hex() == case["lambda"][str(part["j"])]
    points = [point for row in case["M"] for point in row]
    assert [point.hex() for point in threshold.combine(rows, parts)] == points


def test_key_ceremony() -> None:
    case = TRIAL["ceremony"]
    logged = [decode(entry.encode()) for entry in case["entries"]]
    promises, deals, answers = logged[:3], logged[3:6], logged[6:]
    setting = ceremony.Setting(raw(case["sid"]), case["n"], case["t"])
    assert ceremony.transcript(promises).hex() == case["h1"]
    joint = ceremony.joint_key(ceremony.check_deals(setting, promises, deals))
    assert (joint.key.hex(), [share.hex() for share in joint.shares]) == (case["Y"], case["Y_i"])
    for trustee, promised, answer in zip(case["trustees"], promises, answers, strict=True):
        secrets = ceremony.Secrets(
            tuple(number(text) for text in trustee["a"]),
            X25519PrivateKey.from_private_bytes(raw(trustee["hpke_private"])),
        )
        assert ceremony.promise(setting, trustee["j"], secrets).items() <= promised.items()
        share, accused = ceremony.receive(setting, trustee["j"], secrets, promises, deals)
        assert (share, accused) == (number(trustee["x"]), [])
        assert ceremony.acknowledge(trustee["j"], share, accused).items() <= answer.items()
