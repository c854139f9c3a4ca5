"""The auditors' checks A1 to A4, on evidence made for a vote of the forge."""

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from pb_service.verifier.__main__ import main
from pb_service.verifier.audit import p256
from pb_service.verifier.audit.tokens import is_signed, read_keys, read_token
from tests.verifier import builder, forge
from tests.verifier.builder import Json, b64u, cj
from tests.verifier.forge import Vote, frame, h32, raw

ROLL_KEY = b"r" * 32
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = forge.key("idp")
PEOPLE = [f"v{number}" for number in range(12)]


def number(value: int, size: int = 0) -> str:
    return b64u(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def key_set() -> Json:
    r, e = RSA.public_key().public_numbers(), EC.public_key().public_numbers()
    return {
        "keys": [
            {"kty": "RSA", "kid": "RS256", "n": number(r.n), "e": number(r.e), "alg": "RS256", "use": "sig"},
            {"kty": "EC", "kid": "ES256", "crv": "P-256", "x": number(e.x, 32), "y": number(e.y, 32)},
            {"kty": "OKP", "kid": "EdDSA", "crv": "Ed25519", "x": b64u(forge.public(ED))},
        ]
    }


def sign(algorithm: str, message: bytes) -> bytes:
    if algorithm == "RS256":
        return RSA.sign(message, padding.PKCS1v15(), hashes.SHA256())
    if algorithm == "ES256":
        r, s = decode_dss_signature(EC.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return ED.sign(message)


def jws(algorithm: str, claims: Json, **header: Any) -> str:
    head = {"alg": algorithm, "kid": algorithm} | header
    signed = f"{b64u(json.dumps(head).encode())}.{b64u(json.dumps(claims).encode())}"
    return f"{signed}.{b64u(sign(algorithm, signed.encode()))}"


def alias(name: str, group: str) -> bytes:
    framed = frame(b"pb/salt", hashlib.sha256(name.encode()).digest(), group.encode())
    salt = hmac.digest(ROLL_KEY, framed, "sha256")[:16]
    return h32("pb/alias", salt, name.upper().encode(), group.encode())


class Audited(Vote):
    """A vote whose identity provider signs with each algorithm in turn; `claim` may change what it says."""

    def __init__(self, claim: Callable[[Json], None] = lambda _claims: None, algorithm: str = "") -> None:
        super().__init__()
        self.claim, self.algorithm = claim, algorithm

    def voter(self, name: str) -> str:
        return b64u(alias(name, "any" if name.startswith("any") else "res"))

    def key_set(self) -> bytes:
        return json.dumps(key_set()).encode()

    def token(self, of: str, nonce: str) -> str:
        pid = next(name for name in PEOPLE if self.voter(name) == of)
        claims: Json = {"iss": "https://id.example", "aud": "vote", "nonce": nonce, "sub": f" {pid} "}
        claims |= {"iat": forge.OPENS + 60, "exp": forge.OPENS + 3660}
        self.claim(claims)
        return jws(self.algorithm or ("RS256", "ES256")[len(self.tokens) % 2], claims)

    def evidence(self, folder: Path) -> Path:
        self.members()
        (folder / "rolls").mkdir(parents=True)
        audit = {"v": 1, "e": b64u(self.eid), "key": b64u(ROLL_KEY), "seed": "4 17 23", "m": 3}
        (folder / "audit.json").write_bytes(cj(audit))
        (folder / "tokens.jsonl").write_bytes(b"".join(cj(token) + b"\n" for token in self.tokens))
        (folder / "rolls" / "res.jsonl").write_bytes(lines([self.person(name) for name in [*PEOPLE, "late"]]))
        (folder / "rolls" / "any.jsonl").write_bytes(lines([self.person("any 1"), self.person("any 2")]))
        return folder

    def person(self, name: str) -> Json:
        found: Json = {"pid": f"{name} ", "ps": b64u(hashlib.sha256(name.encode()).digest())}
        if private := self.code_keys.get(self.voter(name)):
            found["p"] = b64u(forge.public(private))
        return found | ({"late": True} if name == "late" else {})


def lines(values: list[Json]) -> bytes:
    return b"".join(cj(value) + b"\n" for value in values)


def run(vote: Audited, folder: Path, capsys: pytest.CaptureFixture[str], evidence: Path | None = None) -> Json:
    """The report as JSON."""
    bundle = folder / "round.zip"
    bundle.write_bytes(builder.container(vote.members()))
    found = evidence or vote.evidence(folder / "evidence")
    status = main(["--audit", str(found), "--format", "json", str(bundle)])
    report: Json = json.loads(capsys.readouterr().out)
    assert status == (0 if report["verdict"] == "pass" else 1)
    return report


def failed(report: Json) -> set[str]:
    return {check["id"] for check in report["checks"] if check["status"] not in ("pass", "not_applicable")}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_good_evidence_passes(algorithm: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(Audited(algorithm=algorithm), tmp_path, capsys)
    assert failed(report) == set()
    figures = {check["id"]: check["figures"] for check in report["checks"] if check["id"].startswith("A")}
    assert figures == {
        "A1": {"tokens": 2},
        "A2": {"people": 13},
        "A3": {"drawn": 3, "voters": 10},
        "A4": {"tokens": 2, "most": 2, "minute": 2, "hour": 2},
    }
    assert all(one["person"] for one in report["sample"])
    assert len(report["sample"]) == 3


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://other.example"),
        ("aud", "login"),
        ("aud", ["vote", "login"]),
        ("nonce", "x"),
        ("iat", forge.OPENS - 301),
        ("iat", forge.CLOSES + 600 + 301),
        ("iat", True),
        ("exp", forge.OPENS + 60),
        ("sub", "v3"),
        ("sub", 7),
    ],
)
def test_a_wrong_claim_fails_a1(claim: str, value: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(Audited(lambda claims: claims.update({claim: value})), tmp_path, capsys)
    assert failed(report) == {"A1"}


def test_evidence_that_does_not_fit_the_record_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A token changed, left out, or signed by a stranger; a person more on the roll, or fewer."""
    vote = Audited()
    folder = vote.evidence(tmp_path / "evidence")
    good = {name: (folder / name).read_bytes() for name in ("tokens.jsonl", "rolls/res.jsonl")}
    swapped = [vote.tokens[0] | {"token": vote.tokens[1]["token"]}, vote.tokens[1]]
    for name, content, check in (
        ("tokens.jsonl", lines(swapped), "A1"),
        ("tokens.jsonl", lines(vote.tokens[:1]), "A1"),
        ("tokens.jsonl", b"", "A1"),
        ("tokens.jsonl", lines([vote.tokens[0] | {"o": b64u(bytes(32))}, vote.tokens[1]]), "A1"),
        ("rolls/res.jsonl", good["rolls/res.jsonl"] + lines([vote.person("v77")]), "A2"),
        ("rolls/res.jsonl", good["rolls/res.jsonl"].split(b"\n", 1)[1], "A2"),
    ):
        (folder / name).write_bytes(content)
        assert check in failed(run(vote, tmp_path, capsys, folder)), name
        (folder / name).write_bytes(good[name])
    assert failed(run(vote, tmp_path, capsys, folder)) == set()


@pytest.mark.parametrize("name", ["audit.json", "tokens.jsonl", "rolls/res.jsonl"])
@pytest.mark.parametrize("content", [b"", b"{}", b"x", b"\xff\n", b"[]\n", b'{"x":1}\n'])
def test_misshapen_evidence_is_unreadable(
    name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vote = Audited()
    folder = vote.evidence(tmp_path / "evidence")
    (folder / name).write_bytes(content)
    bundle = tmp_path / "round.zip"
    bundle.write_bytes(builder.container(vote.members()))
    is_empty_list = content == b"" and name != "audit.json"
    assert main(["--audit", str(folder), str(bundle)]) == (1 if is_empty_list else 2)
    assert ("pb-verify: " in capsys.readouterr().err) != is_empty_list


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_signature_holds_for_one_message_and_one_key(algorithm: str) -> None:
    keys = read_keys(json.dumps(key_set()).encode())
    text = jws(algorithm, {"sub": "x"})
    assert is_signed(read_token(text), keys)
    assert is_signed(read_token(jws(algorithm, {}, kid=algorithm)), keys)
    assert not is_signed(read_token(text), [key for key in keys if key["kid"] != algorithm])
    head, body, signature = text.split(".")
    flipped = bytearray(raw(signature))
    flipped[-1] ^= 1
    for forged in (
        f"{head}.{b64u(b'{}')}.{signature}",
        f"{head}.{body}.{b64u(bytes(flipped))}",
        f"{head}.{body}.",
        f"{head}.{body}.{b64u(bytes(64))}",
        f"{head}.{body}.{b64u(bytes(256))}",
    ):
        assert not is_signed(read_token(forged), keys)


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "a.b", "a.b.c.d", "é.b.c", "e30.W10.AA", "bnVsbA.e30.AA", "x" * 30_000),
        *(
            jws("EdDSA", {}, alg="none"),
            jws("EdDSA", {}, alg="HS256"),
            jws("EdDSA", {}, crit=["x"]),
            jws("EdDSA", {}) + "=",
        ),
    ],
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"token|alg|json|base64url|Expecting|codec|decode"):
        read_token(text)


def test_p256_refuses_points_off_the_curve_and_zero() -> None:
    message, (r, s) = b"m", decode_dss_signature(EC.sign(b"m", ec.ECDSA(hashes.SHA256())))
    point = EC.public_key().public_numbers()
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert p256.verify((point.x, point.y), message, signature)
    assert not p256.verify((point.x, point.y + 1), message, signature)
    assert not p256.verify((0, 0), message, signature)
    assert not p256.verify((point.x, point.y), message, bytes(64))
    assert not p256.verify((point.x, point.y), message, signature[:32] + (s + p256.N).to_bytes(33, "big")[-32:])
    assert not p256.verify((point.x + p256.P, point.y), message, signature)
