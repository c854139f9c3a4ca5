"""The whole road with real processes: service, witness and monitor, and an operator who forks with the real key."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import checkpoint, merkle, tiles
from pb_service.core.record.checkpoint import Checkpoint
from pb_service.core.record.signatures import public_bytes
from pb_service.features.record.store import TileStore
from pb_service.platform.keys import KeyFolder
from tests.builders import pabulib_bytes

PB = [sys.executable, "-c", "from pb_service.cli import main; main(prog_name='pb')"]
ORIGIN = "localhost/pb/spring"
#: Seconds after which what is waited for will not come any more.
PATIENCE = 120


def pb(environ: dict[str, str], *arguments: object) -> tuple[int, str]:
    command = [*PB, *map(str, arguments)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def started(stack: ExitStack, environ: dict[str, str], *arguments: object) -> tuple["subprocess.Popen[str]", str]:
    """A process that serves, and its first line."""
    command = [*PB, *map(str, arguments)]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    stack.callback(process.stdout.close)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process, process.stdout.readline()


def eventually(url: str, beginning: str = "") -> bytes:
    """Return what an address shows as soon as it begins so."""
    give_up_at = time.monotonic() + PATIENCE
    while time.monotonic() < give_up_at:
        try:
            answer = httpx.get(url, timeout=PATIENCE)
            if answer.status_code == 200 and answer.text.startswith(beginning):
                return answer.content
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    return pytest.fail(f"{url} never began with {beginning!r}")


@pytest.fixture
def environ(database_url: str, folder: Path) -> dict[str, str]:
    own = {"PB_DATABASE_URL": database_url, "PB_DATA": str(folder / "data"), "PB_WITNESSES": str(folder / "witnesses")}
    return {name: value for name, value in os.environ.items() if not name.startswith("PB_")} | own


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as processes:
        yield processes


def fork(folder: Path, key: Ed25519PrivateKey, size: int) -> Path:
    """Another history of that size, complete and signed with the record's own key."""
    entries = [f"another history {index}".encode() for index in range(size)]
    head = Checkpoint(ORIGIN, size, merkle.root([merkle.leaf_hash(entry) for entry in entries]))
    files = tiles.log_files(entries) | {"checkpoint": checkpoint.sign(head, key)}
    TileStore(folder).write("fork", files)
    return folder / "fork"


def test_service_witness_and_monitor(environ: dict[str, str], folder: Path, stack: ExitStack) -> None:
    """Signed and seen by all; without the witness the service goes on; a fork is refused by one, told by the other."""
    vkey = pb(environ, "witness", "new", folder / "w", "--name", "library.example/w1")[1].split()[-1]
    (folder / "north.pb").write_bytes(pabulib_bytes("North"))
    witness, line = started(stack, environ, "witness", "serve", folder / "w", "--port", "0")
    (folder / "witnesses").write_text(f"witness library {vkey} {line.split()[3].rstrip(',')}\nquorum library\n")
    imported = pb(
        environ, "round", "import", folder / "north.pb", *["--name", "spring", "--licence", "none", "--source", "test"]
    )
    assert imported[0] == 0, imported
    key = KeyFolder(folder / "data" / "keys").ed25519("log")
    log = checkpoint.vkey(ORIGIN, public_bytes(key))
    assert pb(environ, "witness", "follow", folder / "w", log)[0] == 0

    _, line = started(stack, environ, "serve")
    record = f"http://localhost:{line.split()[-1].rstrip('.')}/pb/spring"
    before = checkpoint.parse(eventually(f"{record}/witnessed", ORIGIN))
    watch = ["monitor", record, "--log", log, "--witness", vkey, "--quorum", "1", "--once", "--state", folder / "seen"]
    assert pb(environ, *watch)[0] == 0
    assert pb(environ, "witness", "look", folder / "w", record)[0] == 0

    witness.kill()
    assert pb(environ, "round", "count", "spring")[0] == 0
    after = checkpoint.parse(httpx.get(f"{record}/checkpoint", timeout=PATIENCE).content)
    assert after.size > before.size
    assert pb(environ, *watch)[0] == 0

    other = fork(folder, key, after.size)
    code, told = pb(environ, *watch, other)
    assert (code, "two histories" in told) == (3, True)
    assert pb(environ, "witness", "look", folder / "w", record)[0] == 0
    assert pb(environ, "witness", "look", folder / "w", other)[0] == 3
