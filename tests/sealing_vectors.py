"""The test vectors of sealed ballots as this program makes them; frontend_static/src/crypto/selftest.ts does too.

python -m tests.sealing_vectors > tests/data/sealing/vectors.json
"""

import json
from collections.abc import Mapping
from typing import Any

from pb_service.core.record import merkle
from pb_service.core.record.canonical import b64u, encode, unb64u
from pb_service.core.record.framing import frame, h32, u32
from pb_service.core.rounds.documents import Ballot, BallotFormat, Limits
from pb_service.core.sealing import ceremony, envelope, evidence, payload, shuffle, threshold
from pb_service.core.sealing.blocks import payload_of
from pb_service.core.sealing.group import generator, read_points, scalar_bytes, times_base
from pb_service.core.sealing.payload import BallotShape
from pb_service.core.voting import codes
from tests import hpke
from tests.sealing import repeatable

#: What is sealed: format, limits, costs, ballot. Every format, both encodings of each, one to seven blocks, blank ones.
Choice = tuple[BallotFormat, Limits, list[int], Ballot]
CHOICES: list[Choice] = [
    ("approval", {"k": 5, "blank": True}, [100 * (i + 1) for i in range(12)], [0, 3, 11]),
    ("approval", {"blank": True}, [100] * 40, []),
    ("approval", {"k": 4}, [100] * 600, [0, 7, 599]),
    ("approval", {"k": 3, "cats": [{"i": [0, 1], "k": 1}, {"i": [2, 3], "cost": 500}]}, [200, 300, 400, 500], [0, 2]),
    ("knapsack", {"cost": 900}, [100 * (i + 1) for i in range(12)], [1, 5]),
    ("points", {"sum": 10, "summin": 10, "each": 5}, [100] * 6, [[0, 5], [2, 3], [5, 2]]),
    ("points", {"k": 10, "sum": 100}, [100] * 199, [[0, 99], [198, 1]]),
    ("scores", {"smin": -2, "smax": 2}, [100] * 4, [[0, -2], [3, 2]]),
    ("scores", {"smin": 0, "smax": 254, "k": 3}, [100] * 300, [[5, 0], [299, 254]]),
    ("ordinal", {"k": 4}, [100] * 300, [299, 0, 7]),
]
KEY = 424242
EID = h32("pb/test", b"vectors")


def make() -> dict[str, Any]:
    """Return all vectors; the same on every machine."""
    key = times_base(KEY)
    ballots = [_ballot(number, key, choice) for number, choice in enumerate(CHOICES)]
    return {
        "generators": [generator(number).hex() for number in (0, 1, 2, 255, 256, 100_000)],
        "ballots": ballots,
        "shuffles": [_shuffle(rows, width, key) for rows, width in ((1, 1), (2, 1), (5, 1), (7, 2), (3, 7))],
        "ceremonies": [_ceremony(trustees, quorum) for trustees, quorum in ((2, 2), (3, 2), (5, 3))],
        "trees": [_tree(size) for size in (1, 2, 3, 7, 8, 13)],
        "letters": [_letter(number) for number in range(4)],
        "sign_ins": [_sign_in(number) for number in range(2)],
    }


def _ballot(number: int, key: bytes, choice: Choice) -> dict[str, Any]:
    fmt, limits, costs, ballot = choice
    shape = BallotShape.of(fmt, limits, costs)
    data = payload.encode(ballot, shape)
    place = envelope.Place(EID, f"contest-{number}", h32("pb/test", bytes([number])), 1000 + number)
    sealed, secrets = envelope.seal(data, place, key, repeatable(f"ballot {number}"))
    opening = {
        "v": 1,
        "e": b64u(EID),
        "d": place.contest,
        "a": b64u(place.alias),
        "b": place.base,
        "ct": [[b64u(a), b64u(b)] for a, b in sealed.pairs],
        "pf": [b64u(part) for part in sealed.proof],
        "m": b64u(data),
        "r": [b64u(scalar_bytes(secret)) for secret in secrets],
    }
    return {
        "fmt": fmt,
        "limits": limits,
        "costs": costs,
        "ballot": ballot,
        "enc": shape.enc,
        "width": shape.width,
        "payload": data.hex(),
        "opening": encode(opening).decode(),
        "seal_code": sealed.seal_code(),
        "seal_hash": sealed.seal_hash().hex(),
    }


def _shuffle(rows: int, width: int, key: bytes) -> dict[str, Any]:
    random = repeatable(f"shuffle {rows} {width}")
    place = envelope.Place(EID, "mixed", bytes(32), 0)
    sealed = [
        envelope.seal(bytes([1, 1, row + 1]).ljust(30 * width, b"\x00"), place, key, random)[0] for row in range(rows)
    ]
    before = b"".join(sorted(item.row() for item in sealed))
    stage = shuffle.Stage(EID, "mixed", 1, 2, key, width)
    after, proof = shuffle.prove(read_points(before), stage, shuffle.Secrets.draw(rows, width, random))
    share = threshold.Share(EID, "mixed", 1, key, width)
    file = threshold.decrypt(after, share, KEY, random)
    points = threshold.combine(after, {1: threshold.verify(after, file, share)})
    opened = [payload_of(points[start : start + width]) for start in range(0, len(points), width)]
    return {
        "rows": rows,
        "width": width,
        "before": before.hex(),
        "after": after.hex(),
        "proof": proof.hex(),
        "decryption": file.hex(),
        "payloads": sorted(item.hex() for item in opened),
    }


def _ceremony(trustees: int, quorum: int) -> dict[str, Any]:
    """A ceremony; the sealed shares are made of the parts of HPKE, so that the ephemeral keys can be chosen."""
    setting = ceremony.Setting(h32("pb/test", bytes([trustees, quorum])), trustees, quorum)
    numbers = range(1, trustees + 1)
    random = {j: repeatable(f"trustee {j} of {trustees}") for j in numbers}
    secrets = {j: ceremony.Secrets.draw(setting, random[j]) for j in numbers}
    promises = [ceremony.promise(setting, j, secrets[j]) for j in numbers]
    h1 = ceremony.transcript(promises)
    deals = []
    for j in numbers:
        dealt = ceremony.deal(setting, j, secrets[j], promises, random[j])
        for i in numbers:
            if i != j:
                info = frame(b"pb/share", setting.sid, h1, u32(j), u32(i))
                share = scalar_bytes(secrets[j].share_for(i))
                dealt["sh"][i - 1] = b64u(hpke.seal(unb64u(promises[i - 1]["x"]), share, info, random[j](32)))
        deals.append(dealt)
    found = [ceremony.receive(setting, j, secrets[j], promises, deals) for j in numbers]
    joint = ceremony.joint_key(ceremony.check_deals(setting, promises, deals))
    return {
        "trustees": trustees,
        "quorum": quorum,
        "promises": promises,
        "deals": deals,
        "acknowledgements": [ceremony.acknowledge(j, *each) for j, each in enumerate(found, start=1)],
        "shares": [scalar_bytes(share).hex() for share, _ in found],
        "key": joint.key.hex(),
    }


def _tree(size: int) -> dict[str, Any]:
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    return {
        "size": size,
        "root": merkle.root(leaves).hex(),
        "inclusion": [[node.hex() for node in merkle.inclusion_proof(leaves, number)] for number in range(size)],
        "consistency": [
            {
                "size": old,
                "root": merkle.root(leaves[:old]).hex(),
                "path": [n.hex() for n in merkle.consistency_proof(leaves, old)],
            }
            for old in range(1, size + 1)
        ],
    }


def _letter(number: int) -> dict[str, Any]:
    """A code letter: what is printed, and the public key that it stands for in a group of a round."""
    code = codes.new_code(repeatable(f"letter {number}"))
    origin, group = f"example.org/pb/round-{number}", ("district", "city")[number % 2]
    return {
        "printed": codes.printed(code),
        "origin": origin,
        "group": group,
        "key": codes.public_key_of(code, origin, group).hex(),
    }


def _sign_in(number: int) -> dict[str, Any]:
    """A sign-in for voting: its nonce, and the hash of its token."""
    random, token = repeatable(f"sign-in {number}"), f"e30.e30.{number}"
    key, blind = random(32), random(32)
    return {
        "key": key.hex(),
        "blind": blind.hex(),
        "token": token,
        "nonce": evidence.nonce_of(EID, key, blind),
        "hash": evidence.SignIn(blind, token).hash().hex(),
    }


def text(vectors: Mapping[str, Any]) -> str:
    """Return the vectors as they lie in the file."""
    return json.dumps(vectors, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(text(make()), end="")
