"""Makes small votes with sealed ballots from docs/protocol.md alone, with every key in hand: a third reading of it.

`Vote.members()` is an honest bundle. An adversary is a subclass that does one step in another way, or `change`, which
sees every entry before it is signed; all that follows is then done honestly over it.
"""

import base64
import hashlib
import importlib
import random
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.verifier import builder, naive
from tests.verifier.builder import Json, b64u, cj, sha

rbcl: Any = importlib.import_module("rbcl")  # it publishes no types
L = 2**252 + 27742317777372353535851937790883648493
ZERO = bytes(32)
ORIGIN = "example.org/pb/sealed"
N, T = 3, 2
OPENS, CLOSES = 1_700_000_000, 1_700_600_000
Row = list[bytes]  # A_1 B_1 .. A_w B_w


# --- the group, by libsodium


def mul(scalar: int, point: bytes) -> bytes:
    scalar %= L
    if scalar == 0 or point == ZERO:
        return ZERO
    return bytes(rbcl.crypto_scalarmult_ristretto255(scalar.to_bytes(32, "little"), point))


def base(scalar: int) -> bytes:
    scalar %= L
    return bytes(rbcl.crypto_scalarmult_ristretto255_base(scalar.to_bytes(32, "little"))) if scalar else ZERO


def plus(*points: bytes) -> bytes:
    total = ZERO
    for point in points:
        total = bytes(rbcl.crypto_core_ristretto255_add(total, point))
    return total


def minus(one: bytes, other: bytes) -> bytes:
    return bytes(rbcl.crypto_core_ristretto255_sub(one, other))


def le(scalar: int) -> bytes:
    return (scalar % L).to_bytes(32, "little")


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def frame(*parts: bytes) -> bytes:
    return b"".join(u32(len(part)) + part for part in parts)


def h32(tag: str, *parts: bytes) -> bytes:
    return sha(frame(tag.encode(), *parts))


def h64(tag: str, *parts: bytes) -> bytes:
    return hashlib.sha512(frame(tag.encode(), *parts)).digest()


def hs(tag: str, *parts: bytes) -> int:
    return int.from_bytes(h64(tag, *parts), "little") % L


def gen(number: int) -> bytes:
    return bytes(rbcl.crypto_core_ristretto255_from_hash(hashlib.sha512(f"pb/h/{number}".encode()).digest()))


def key(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha(seed.encode()))


def public(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


# --- payloads


def block(data: bytes) -> bytes:
    for c in range(128):
        point = bytes([2 * c]) + data + b"\0"
        if point != ZERO and rbcl.crypto_core_ristretto255_is_valid_point(point):
            return point
    raise ValueError("block")


def payload(contest: Json, ballot: list[Any]) -> bytes:
    """The payload of a ballot in a contest, valid or not."""
    body = bytearray(30 * contest["w"] - 2)
    for place, one in enumerate(ballot):
        if contest["enc"] == 1:
            body[one // 8] |= 1 << one % 8
        elif contest["enc"] == 2:
            value = one[1] if contest["fmt"] == "points" else one[1] - contest["limits"]["smin"] + 1
            body[one[0]] = value
        elif contest["enc"] == 3:
            body[2 * place : 2 * place + 2] = (one + 1).to_bytes(2, "big")
    return bytes([1, contest["enc"]]) + bytes(body)


class Vote:
    """A vote with a ceremony, envelopes of every class, strikes, paper, mixes, decryptions and results."""

    def __init__(self, change: Callable[[int, Json], None] | None = None, seed: str = "vote") -> None:
        self.rng = random.Random(seed)  # noqa: S311 - test data must be the same every time
        self.change = change or (lambda _index, _entry: None)
        self.entries: list[bytes] = []
        self.files: dict[str, bytes] = {}
        self.log_key = key("log")
        self.keys = {name: key(name) for name in ("op", "vouch", "reg", "aud", "desk1", "desk2", "desk3")}
        self.trustees = [key(f"t{j}") for j in range(1, N + 1)]
        self.witnesses = [key("witness 1"), key("witness 2")]
        self.sid = self.eid = b""
        self.secrets: list[int] = []
        self.shares: list[bytes] = []
        self.joint = b""
        self.attempt = 1
        self.manifest: Json = {}
        self.contests: dict[str, Json] = {}
        self.code_keys: dict[str, Ed25519PrivateKey] = {}
        self.envelopes: list[tuple[int, str, str, int, Row]] = []  # entry, contest, alias, rank, row
        self.papers: list[tuple[int, str, str]] = []
        self.struck: set[int] = set()
        self.paper_ballots: dict[str, tuple[list[bytes], int]] = {}
        self.tokens: list[Json] = []

    def scalar(self) -> int:
        return self.rng.randrange(1, L)

    # --- the record

    def add(self, entry: Json, *signers: str, signing: dict[str, Ed25519PrivateKey] | None = None) -> int:
        """Appends an entry, completed and signed by keys of the vote or by `signing`."""
        index = len(self.entries)
        entry = {"v": 1, **entry}
        self.change(index, entry)
        if signers or signing:
            body = {name: value for name, value in entry.items() if name != "sg"}
            message = b"pb/sig/" + entry["k"].encode() + b"\0" + cj(body)
            keys = {name: self.keys[name] for name in signers} | (signing or {})
            entry.setdefault("sg", [[name, b64u(private.sign(message))] for name, private in sorted(keys.items())])
        self.entries.append(cj(entry))
        return index

    def by_trustee(self, j: int, entry: Json) -> int:
        return self.add({"j": j} | entry, signing={f"t{j}": self.trustees[j - 1]})

    def of(self, k: str, **fields: Any) -> Json:
        return {"k": k, "e": b64u(self.eid)} | fields

    def run(self) -> "Vote":
        self.add(builder.stage("round.created", OPENS))
        self.setup()
        self.ceremony()
        self.make_manifest()
        self.add(self.of("manifest", f=b64u(sha(self.files["manifest.json"]))), "op", "reg", "aud")
        for j in range(1, N + 1):
            self.by_trustee(j, self.of("tk4"))
        self.vote()
        self.close()
        for name in self.contests:
            self.count(name)
        self.add(builder.stage("round.published", CLOSES + 5000))
        return self

    def members(self) -> dict[str, bytes]:
        """All members of the bundle."""
        if not self.entries:
            self.run()
        return self.files | self.record()

    def record(self) -> dict[str, bytes]:
        members = builder.record(self.entries, self.log_key, ORIGIN)
        note = members["checkpoint"]
        text = note.split(b"\n\n")[0] + b"\n"
        for number, witness in enumerate(self.witnesses, 1):
            note += self.cosignature(f"w{number}.example", witness, text)
        return members | {"checkpoint": note}

    def cosignature(self, name: str, witness: Ed25519PrivateKey, text: bytes, time: int = CLOSES) -> bytes:
        signature = time.to_bytes(8, "big") + witness.sign(b"cosignature/v1\ntime %d\n" % time + text)
        key_id = sha(name.encode() + b"\n\x04" + public(witness))[:4]
        return f"— {name} {base64.b64encode(key_id + signature).decode()}\n".encode()

    # --- the ceremony

    def setup(self) -> None:
        names = [{"name": f"Trustee {j}", "pk": b64u(public(k))} for j, k in enumerate(self.trustees, 1)]
        setup = {"v": 1, "origin": ORIGIN, "try": self.attempt, "t": T, "n": N, "trustees": names}
        setup["reg"] = b64u(public(self.keys["reg"]))
        self.files["setup.json"] = cj(setup)
        self.sid = h32("pb/setup", cj(setup))
        self.add({"k": "setup", "e": b64u(self.sid), "f": b64u(sha(cj(setup)))})

    def polynomials(self) -> list[list[int]]:
        return [[self.scalar() for _ in range(T)] for _ in range(N)]

    def committed(self, j: int, points: list[bytes]) -> bytes:
        return h32("pb/tk", self.sid, u32(j), *points)

    def proof_of_key(self, j: int, first: bytes, secret: int, point: bytes) -> list[str]:
        w = self.scalar()
        c = hs("pb/tkpok", self.sid, u32(j), first, point, base(w))
        return [b64u(le(c)), b64u(le(w + c * secret))]

    def commitments(self, secrets: list[list[int]]) -> list[list[bytes]]:
        return [[base(a) for a in own] for own in secrets]

    def ceremony(self) -> None:
        secrets = self.polynomials()
        points = self.commitments(secrets)
        e = b64u(self.sid)
        firsts = []
        for j in range(1, N + 1):
            h = self.committed(j, [base(a) for a in secrets[j - 1]])
            index = self.by_trustee(j, {"k": "tk1", "e": e, "x": b64u(self.rng.randbytes(32)), "h": b64u(h)})
            firsts.append(self.entries[index])
        first = h32("pb/tk1", *firsts)
        for j in range(1, N + 1):
            own = points[j - 1]
            sealed = ["" if i == j else b64u(self.rng.randbytes(80)) for i in range(1, N + 1)]
            proof = self.proof_of_key(j, first, secrets[j - 1][0], own[0])
            self.by_trustee(j, {"k": "tk2", "e": e, "c": [b64u(p) for p in own], "pf": proof, "sh": sealed})
        self.secrets = [
            sum(a * pow(i, k, L) for own in secrets for k, a in enumerate(own)) % L for i in range(1, N + 1)
        ]
        self.shares = [
            plus(*(mul(pow(i, k, L), point) for own in points for k, point in enumerate(own))) for i in range(1, N + 1)
        ]
        self.joint = plus(*(own[0] for own in points))
        for j in range(1, N + 1):
            self.by_trustee(j, {"k": "tk3", "e": e, "y": b64u(self.shares[j - 1]), "bad": []})

    # --- the manifest

    def voter(self, name: str) -> str:
        """The alias of a person."""
        return b64u(sha(name.encode()))

    def key_set(self) -> bytes:
        """The key set of the identity provider."""
        return b'{"keys":[]}'

    def make_manifest(self) -> None:
        people = [f"v{number}" for number in range(12)]
        self.code_keys = {self.voter(name): key(f"code {name}") for name in ("v1", "v5")}
        roll = sorted(
            raw(self.voter(name))
            + (public(self.code_keys[self.voter(name)]) if self.voter(name) in self.code_keys else bytes(32))
            for name in people
        )
        self.files["rolls/res"] = b"".join(roll)
        greedy: Json = {"name": "greedy", "by": "votes", "skip": True, "ties": ["cost", "id"]}
        points = greedy | {"by": "points"}
        contests = [
            builder.contest("alfa", [300, 400, 400, 200, 600], greedy, k=2) | {"g": "res", "enc": 1, "w": 1},
            builder.contest("beta", [100 + n for n in range(31)], points, fmt="points", sum=10, k=31)
            | {"g": "res", "enc": 2, "w": 2},
            builder.contest("gamma", [500, 700, 100], greedy, fmt="ordinal") | {"g": "any", "enc": 3, "w": 1},
            builder.contest("delta", [500], greedy, fmt="knapsack") | {"g": "any", "enc": 1, "w": 1},
        ]
        for contest in contests:
            contest["breach"] = "refuse"
            projects = [{"id": p, "title": p, "categories": [], "targets": []} for p, _ in contest["pro"]]
            title = [["en", contest["id"]]]
            file = cj({"v": 1, "contest": contest["id"], "title": title, "language": "en", "projects": projects})
            self.files[f"lists/{contest['id']}.json"] = file
            contest["list"] = b64u(sha(file))
        roles = {"op": "operator", "vouch": "vouch", "reg": "registrar", "aud": "auditor", "desk1": "desk"}
        roles |= {"desk2": "desk"}
        program = cj({"v": 1, "files": [["app.js", b64u(sha(b"app"))], ["index.html", b64u(sha(b"index"))]]})
        jwks = self.key_set()
        for file in (program, jwks):
            self.files[f"files/{sha(file).hex()}"] = file
        self.manifest = {
            "v": 1,
            "origin": ORIGIN,
            "mode": "split+outside",
            "names": [["en", "Sealed round"]],
            "licence": "CC0-1.0",
            "source": "made up",
            "currency": "EUR",
            "unit": 100,
            "opens": OPENS,
            "closes": CLOSES,
            "setup": b64u(self.sid),
            "y": b64u(self.joint),
            "yi": [b64u(share) for share in self.shares],
            "grace": 900,
            "strikes": 3600,
            "wit": {"k": 2, "vkeys": [self.vkey(f"w{n}.example", w) for n, w in enumerate(self.witnesses, 1)]},
            "client": b64u(sha(program)),
            "idp": {"iss": "https://id.example", "aud": "vote", "jwks": b64u(sha(jwks)), "pid": "sub"},
            "aud": b64u(bytes(range(32))),
            "keys": [{"id": "log", "role": "log", "pk": b64u(public(self.log_key))}]
            + [{"id": name, "role": role, "pk": b64u(public(self.keys[name]))} for name, role in roles.items()],
            "groups": [
                {"id": "res", "cls": ["idt", "desk", "code", "acct"], "count": len(roll), "roll": b64u(tree(roll))},
                {"id": "any", "cls": ["acct"], "open": True},
            ],
            "contests": contests,
        }
        self.on_manifest()
        self.contests = {contest["id"]: contest for contest in self.manifest["contests"]}
        self.files["manifest.json"] = cj(self.manifest)
        self.eid = h32("pb/manifest", self.files["manifest.json"])

    def on_manifest(self) -> None:
        """For adversaries."""

    def vkey(self, name: str, private: Ed25519PrivateKey) -> str:
        blob = b"\x04" + public(private)
        key_id = sha(name.encode() + b"\n" + blob)[:4]
        return f"{name}+{key_id.hex()}+{base64.b64encode(blob).decode()}"

    # --- the vote

    def seal(
        self, contest: str, alias: str, ballot: list[Any] | bytes, at: int | None = None, election: bytes | None = None
    ) -> Json:
        """The fields of an envelope of a ballot, or of a payload."""
        known = self.contests[contest]
        data = ballot if isinstance(ballot, bytes) else payload(known, ballot)
        points = [block(data[start : start + 30]) for start in range(0, len(data), 30)]
        at = len(self.entries) if at is None else at
        r = [self.scalar() for _ in points]
        s = [self.scalar() for _ in points]
        row = [p for m, one in zip(points, r, strict=True) for p in (base(one), plus(m, mul(one, self.joint)))]
        parts = (election or self.eid, contest.encode(), raw(alias), u32(at), *row, *(base(one) for one in s))
        c = hs("pb/pok", *parts)
        proof = [c, *(one + c * two for one, two in zip(s, r, strict=True))]
        pairs = [[b64u(row[n]), b64u(row[n + 1])] for n in range(0, len(row), 2)]
        return {"d": contest, "a": alias, "b": at, "ct": pairs, "pf": [b64u(le(n)) for n in proof]}

    def cast(self, y: str, sealed: Json) -> int:
        """Appends an envelope, signed as its class asks for."""
        entry = self.of("env", y=y) | sealed
        signing: dict[str, Ed25519PrivateKey] = {}
        signers: list[str] = []
        if y == "idt":
            session, o = key(f"session {len(self.entries)}"), self.rng.randbytes(32)
            token = self.token(sealed["a"], b64u(h32("pb/nonce", self.eid, public(session), o)))
            entry |= {"p": b64u(public(session)), "h": b64u(h32("pb/token", o, token.encode()))}
            self.tokens.append({"x": len(self.entries), "o": b64u(o), "token": token})
            signing = {"p": session}
        elif y == "code":
            signing = {"p": self.code_keys.get(sealed["a"], key("nobody"))}
        else:
            signers = ["vouch"] if y == "acct" else ["desk2", "desk3"]
        index = self.add(entry, *signers, signing=signing or None)
        rank = {"idt": 3, "desk": 3, "code": 2, "acct": 1}[y]
        row = [raw(point) for pair in sealed["ct"] for point in pair]
        self.envelopes.append((index, sealed["d"], sealed["a"], rank, row))
        return index

    def token(self, alias: str, nonce: str) -> str:
        return f"{alias}.{nonce}.unsigned"

    def strike(self, index: int, why: str = "person", **fields: Any) -> int:
        self.struck.add(index)
        lh = b64u(sha(b"\0" + self.entries[index])) if index < len(self.entries) else b64u(bytes(32))
        return self.add(self.of("strike", x=index, lh=lh, why=why) | fields, "desk2", "desk3", "reg")

    def paper(self, contest: str, alias: str, no: str = "box-1") -> int:
        index = self.add(self.of("paper", d=contest, a=alias, no=no), "desk2", "desk3")
        self.papers.append((index, contest, alias))
        return index

    def file(self, k: str, content: bytes) -> int:
        self.files[f"files/{sha(content).hex()}"] = content
        return self.add(self.of(k, f=b64u(sha(content))), "op")

    def vote(self) -> None:
        """Envelopes of every class and every fate."""
        v = [self.voter(f"v{number}") for number in range(12)]
        self.add(self.of("key", id="desk3", role="desk", pk=b64u(public(self.keys["desk3"]))), "reg", "aud")
        self.add(self.of("key", id="desk1", off=True), "reg", "aud")
        self.cast("acct", self.seal("alfa", v[0], [0, 2]))
        self.cast("code", self.seal("alfa", v[1], [1]))
        self.cast("idt", self.seal("beta", v[2], [[0, 3], [30, 7]]))
        self.cast("acct", self.seal("alfa", v[3], [3]))
        self.cast("acct", self.seal("beta", v[3], [[1, 10]]))
        self.cast("acct", self.seal("alfa", v[4], [4]))
        self.cast("idt", self.seal("alfa", v[4], [2]))
        wrong = self.cast("code", self.seal("alfa", v[5], [0]))
        self.cast("acct", self.seal("alfa", v[6], [0]))
        self.cast("desk", self.seal("alfa", v[7], []))
        self.cast("acct", self.seal("alfa", v[8], [0, 1, 2]))  # more than k: invalid
        self.add(self.of("late", g="res", a=self.voter("late")), "reg", "aud")
        self.cast("acct", self.seal("beta", self.voter("late"), [[30, 1]]))
        self.cast("acct", self.seal("gamma", self.voter("any 1"), [2, 0]))
        self.cast("acct", self.seal("gamma", self.voter("any 2"), [1]))
        self.file("jwks", b'{"keys":[{}]}')
        self.file("client", cj({"v": 1, "files": [["app.js", b64u(sha(b"app 2"))]]}))
        self.file("incident", b"slow\n")
        self.add(self.of("extend", closes=CLOSES + 600), "op", "reg", "aud")
        self.paper("alfa", v[6])
        again = self.paper("beta", v[9])
        self.paper("beta", v[10])
        self.strike(wrong, "code")
        self.strike(again, "desk")

    def close(self) -> None:
        self.add(self.of("close", n=len(self.entries), ts=CLOSES + 1500), "op")

    # --- the count

    def counting(self, contest: str) -> list[Row]:
        """The rows that count (section 7)."""
        group = self.contests[contest]["g"]
        mates = {name for name, known in self.contests.items() if known["g"] == group}
        found = []
        for alias in {a for _, d, a, _, _ in self.envelopes if d in mates}:
            if any(d in mates and a == alias and index not in self.struck for index, d, a in self.papers):
                continue
            own = [e for e in self.envelopes if e[1] in mates and e[2] == alias and e[0] not in self.struck]
            best = max(own, key=lambda e: (e[3], e[0]), default=None)
            if best and best[1] == contest:
                found.append(best[4])
        return sorted(found, key=b"".join)

    def mixers(self, _contest: str) -> list[int]:
        return [1, 3]

    def openers(self, _contest: str) -> list[int]:
        return [2, 3]

    def count(self, contest: str) -> None:
        rows = self.counting(contest)
        listed = b"".join(b"".join(row) for row in rows)
        ts = CLOSES + 1500 + 3600
        self.add(self.of("input", d=contest, n=len(rows), f=b64u(sha(listed)), ts=ts), "op")
        opened = self.mix_and_open(contest, rows) if rows else []
        known = self.contests[contest]
        paper, spoilt = self.paper_list(contest)
        if any(d == contest for _, d, _ in self.papers):
            file = cj({"v": 1, "e": b64u(self.eid), "d": contest, "pl": [b64u(p) for p in paper], "spoilt": spoilt})
            self.files[f"paper/{contest}.json"] = file
            fields = {"d": contest, "n": len(paper) + spoilt, "f": b64u(sha(file))}
            self.add(self.of("paperlist", **fields), "desk2", "desk3", "aud")
        valid = {p: read(known, p) for p in opened if isinstance(p, bytes)}
        on = sorted(p for p in opened if isinstance(p, bytes) and valid[p] is not None)
        invalid = [p for p in opened if not isinstance(p, bytes) or valid[p] is None]
        good_paper = [p for p in paper if read(known, p) is not None]
        ballots: Json = {
            "v": 1,
            "e": b64u(self.eid),
            "d": contest,
            "on": [b64u(p) for p in on],
            "inv": [b64u(p) for p in sorted(self.points_of(known, one) for one in invalid)],
            "pa": [b64u(p) for p in good_paper],
            "pinv": len(paper) - len(good_paper),
        }
        self.on_ballots(contest, ballots)
        counted = sorted(read(known, raw(p)) or [] for p in ballots["on"] + ballots["pa"])
        outcome = naive.outcome(known, 100, b64u(self.eid), counted)
        self.on_outcome(contest, outcome)
        self.files[f"ballots/{contest}.json"] = cj(ballots)
        self.files[f"outcomes/{contest}.json"] = cj(outcome)
        fields = {"bal": b64u(sha(cj(ballots))), "out": b64u(sha(cj(outcome)))}
        self.add(self.of("result", d=contest, **fields), "op")

    def points_of(self, _contest: Json, one: Any) -> bytes:
        if isinstance(one, bytes):
            return b"".join(block(one[start : start + 30]) for start in range(0, len(one), 30))
        return b"".join(one)

    def on_ballots(self, contest: str, ballots: Json) -> None:
        """For adversaries."""

    def on_outcome(self, contest: str, outcome: Json) -> None:
        """For adversaries."""

    def paper_list(self, contest: str) -> tuple[list[bytes], int]:
        known = self.contests[contest]
        lists: dict[str, list[Any]] = {"alfa": [[0, 1]], "beta": [[[2, 10]]]}
        return sorted(payload(known, ballot) for ballot in lists.get(contest, [])), 0

    def mix_and_open(self, contest: str, rows: list[Row]) -> list[Any]:
        """Payloads, or points of rows that hold none."""
        for stage, j in enumerate(self.mixers(contest), 1):
            rows = self.mix(contest, stage, j, rows)
        parts = {}
        for j in self.openers(contest):
            parts[j] = self.open(contest, j, rows)
        some = dict(list(parts.items())[:T])
        found: list[Any] = []
        at = 0
        for row in rows:
            points = []
            for body in row[1::2]:
                part = plus(*(mul(lagrange(j, list(some)), own[at]) for j, own in some.items()))
                points.append(minus(body, part))
                at += 1
            data = b"".join(p[1:31] for p in points)
            is_block = all(p != ZERO and not p[31] and block(p[1:31]) == p for p in points)
            found.append(data if is_block else points)
        return found

    def shuffled(self, _contest: str, rows: list[Row], order: list[int], rho: list[list[int]]) -> list[Row]:
        """The output of a mix. Adversaries change it; the proof is then made as if it were right."""
        return [
            [
                p
                for k in range(len(row) // 2)
                for p in (
                    plus(rows[order[i]][2 * k], base(rho[i][k])),
                    plus(rows[order[i]][2 * k + 1], mul(rho[i][k], self.joint)),
                )
            ]
            for i, row in enumerate(rows)
        ]

    def mix(self, contest: str, stage: int, j: int, rows: list[Row]) -> list[Row]:
        n, w = len(rows), len(rows[0]) // 2
        order = list(range(n))
        self.rng.shuffle(order)
        rho = [[self.scalar() for _ in range(w)] for _ in rows]
        after = self.shuffled(contest, rows, order, rho)
        proof = self.prove(contest, stage, j, rows, after, order, rho)
        self.files[f"mix/{contest}/{stage}.list"] = out = b"".join(b"".join(row) for row in after)
        self.files[f"mix/{contest}/{stage}.proof"] = proof
        self.by_trustee(j, self.of("mix", d=contest, st=stage, out=b64u(sha(out)), pf=b64u(sha(proof))))
        return after

    def prove(  # noqa: PLR0917 - in the order of the page
        self,
        contest: str,
        stage: int,
        j: int,
        rows: list[Row],
        after: list[Row],
        order: list[int],
        rho: list[list[int]],
    ) -> bytes:
        """Section 8, steps 2 to 6; indices from 0."""
        n, w = len(rows), len(rows[0]) // 2
        r = [self.scalar() for _ in rows]
        place = {source: i for i, source in enumerate(order)}  # c_pi(i) = r_pi(i) G + h_i
        c = [plus(base(r[source]), gen(place[source] + 1)) for source in range(n)]
        lists = [b"".join(b"".join(row) for row in some) for some in (rows, after)]
        t = h64(
            "pb/shuf", self.eid, contest.encode(), u32(stage), u32(j), self.joint, u32(n), u32(w), *lists, b"".join(c)
        )
        u = [hs("pb/shuf/u", t, u32(i + 1)) for i in range(n)]
        big = [u[order[i]] for i in range(n)]
        q = [self.scalar() for _ in rows]
        g = [gen(0)]
        for i in range(n):
            g.append(plus(base(q[i]), mul(big[i], g[i])))
        o1, o2, o3 = (self.scalar() for _ in range(3))
        o4 = [self.scalar() for _ in range(w)]
        oq = [self.scalar() for _ in rows]
        ou = [self.scalar() for _ in rows]
        t3 = plus(base(o3), *(mul(ou[i], gen(i + 1)) for i in range(n)))
        t4 = []
        for k in range(w):
            t4.append(minus(plus(*(mul(ou[i], after[i][2 * k]) for i in range(n))), base(o4[k])))
            t4.append(minus(plus(*(mul(ou[i], after[i][2 * k + 1]) for i in range(n))), mul(o4[k], self.joint)))
        tq = [plus(base(oq[i]), mul(ou[i], g[i])) for i in range(n)]
        shown = b"".join([*g[1:], *tq, base(o1), base(o2), t3, *t4])
        e = hs("pb/shuf/c", t, shown)
        big_q = 0
        for i in range(n):
            big_q = (big[i] * big_q + q[i]) % L
        answers = [o1 + e * sum(r), o2 + e * big_q, o3 + e * sum(a * b for a, b in zip(u, r, strict=True))]
        answers += [o4[k] + e * sum(big[i] * rho[i][k] for i in range(n)) for k in range(w)]
        answers += [oq[i] + e * q[i] for i in range(n)]
        answers += [ou[i] + e * big[i] for i in range(n)]
        return b"".join(c) + shown + b"".join(le(a) for a in answers)

    def open(self, contest: str, j: int, rows: list[Row]) -> list[bytes]:
        w = len(rows[0]) // 2
        listed = b"".join(b"".join(row) for row in rows)
        heads = [row[2 * k] for row in rows for k in range(w)]
        parts = self.parts(j, heads)
        names = (self.eid, contest.encode(), u32(j))
        seed = h64("pb/dleq", *names, self.shares[j - 1], u32(len(rows)), u32(w), listed, b"".join(parts))
        weights = self.weights(seed, heads, parts)
        p = plus(*(mul(d, a) for d, a in zip(weights, heads, strict=True)))
        q = plus(*(mul(d, a) for d, a in zip(weights, parts, strict=True)))
        o = self.scalar()
        c = hs("pb/dleq/c", seed, p, q, base(o), mul(o, p))
        file = b"".join(parts) + le(c) + le(o + c * self.secrets[j - 1])
        self.files[f"dec/{contest}/{j}"] = file
        self.by_trustee(j, self.of("dec", d=contest, list=b64u(sha(listed)), f=b64u(sha(file))))
        return parts

    def parts(self, j: int, heads: list[bytes]) -> list[bytes]:
        return [mul(self.secrets[j - 1], head) for head in heads]

    def weights(self, seed: bytes, heads: list[bytes], _parts: list[bytes]) -> list[int]:
        return [hs("pb/dleq/w", seed, u32(m + 1)) for m in range(len(heads))]


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def tree(records: list[bytes]) -> bytes:
    """RFC 6962 tree hash of the records."""
    return builder.tree([sha(b"\0" + record) for record in records])


def lagrange(j: int, trustees: list[int]) -> int:
    value = 1
    for m in trustees:
        if m != j:
            value = value * m * pow(m - j, -1, L) % L
    return value


def read(contest: Json, data: bytes) -> list[Any] | None:
    """The ballot of a payload as the forge writes them; None if it breaks a limit of these contests."""
    body, projects = data[2:], range(len(contest["pro"]))
    if contest["enc"] == 1:
        ballot: list[Any] = [p for p in projects if body[p // 8] >> p % 8 & 1]
    elif contest["enc"] == 2:
        ballot = [[p, body[p]] for p in projects if body[p]]
    else:
        slots = [int.from_bytes(body[2 * n : 2 * n + 2], "big") for n in projects]
        ballot = [slot - 1 for slot in slots if slot]
    limits = contest["limits"]
    if data[:2] != bytes([1, contest["enc"]]) or payload(contest, ballot) != data:
        return None
    if len(ballot) > limits.get("k", len(ballot)) or ("sum" in limits and sum(v for _, v in ballot) > limits["sum"]):
        return None
    return ballot
