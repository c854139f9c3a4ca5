"""The verifier as one file: built the same everywhere, and enough by itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verifier import builder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly built pb-verify.pyz."""
    path = tmp_path_factory.mktemp("dist") / "pb-verify.pyz"
    subprocess.run([ROOT / "scripts" / "build-verifier", path], check=True, stdout=subprocess.DEVNULL)
    return path


def test_two_builds_are_the_same_byte_for_byte(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.pyz"
    subprocess.run([ROOT / "scripts" / "build-verifier", again], check=True, stdout=subprocess.DEVNULL)
    assert again.read_bytes() == archive.read_bytes()


@pytest.mark.parametrize(("members", "status"), [(builder.small().seal(), 0), ({"a": b""}, 1), ({}, 2)])
def test_it_runs_with_nothing_but_python(archive: Path, tmp_path: Path, members: dict[str, bytes], status: int) -> None:
    """No site-packages, no environment, no current folder; the exit status is that of the finding."""
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(builder.container(members))
    command = [sys.executable, "-I", "-S", str(archive), str(bundle)]
    done = subprocess.run(command, capture_output=True, check=False, env={"PATH": os.environ["PATH"]}, cwd=tmp_path)
    assert done.returncode == status
