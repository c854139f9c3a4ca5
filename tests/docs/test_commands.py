"""Every command in the documentation is run as it stands there, or says here why it cannot be.

A block of commands is what is indented by four spaces. Names that a reader puts in (addresses, ROUND, KEY) are put in
here too; nothing else is changed. The commands see a live service over HTTP, a folder of their own and an empty home.
"""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pb_service.core.record.checkpoint import vkey
from pb_service.core.record.signatures import public_bytes
from pb_service.features.record import service as record
from pb_service.features.rounds.service import find_round
from pb_service.platform.server import listen
from pb_service.service import Service
from pb_service.settings import CHECKOUT
from tests.browser.conftest import served
from tests.builders import pabulib_bytes
from tests.http.conftest import service as service  # noqa: PLC0414 - the same round as over HTTP

DOCS = sorted([CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").rglob("*.md")])

#: Blocks that are no commands, by how they begin: settings, files and SQL, which tests of their own read.
FORMS = ("[suomi]", "witness library", "CREATE ROLE", "PB_DOMAIN=")

#: Commands that are not run here, by how they begin, and why.
NOT_RUN = {
    "scripts/run": "makes an environment; what it starts is run by tests/service/test_commands.py",
    "pb witness serve": "serves until it is stopped; tests/witness/test_serve.py calls it",
    "pb monitor": "watches until it is stopped; tests/witness/test_monitor.py lets it see every alarm",
    "PB_PG_BIN=": "needs two versions of PostgreSQL; tests/service/test_backup.py has both",
    "pb restore": "needs a service without data; tests/service/test_backup.py restores into one",
    "pb-verify process.zip": "needs a round before its vote; tests/service/assessment/test_path.py verifies one",
    "python3 -I pb-verify.pyz process.zip": "the same",
    "python3 -I pb-verify.pyz --audit": "needs evidence of sign-ins; tests/verifier/test_audit.py has it",
}


def blocks(path: Path) -> list[str]:
    """The indented blocks of a document, each as the text of a shell script."""
    found = re.findall(r"(?:^|\n\n)((?:    [^\n]*\n)+)", path.read_text(encoding="utf-8") + "\n")
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in found]


def is_run(block: str) -> bool:
    return not block.startswith((*FORMS, *NOT_RUN))


RUN = {path: found for path in DOCS if (found := [block for block in blocks(path) if is_run(block)])}


@pytest.fixture
async def site(service: Service) -> AsyncIterator[str]:
    """The service with its counted round, over HTTP."""
    sockets, port = listen(["127.0.0.1"], 18700, say=lambda _: None)
    async with served(service, sockets):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout with its programs, as a reader has it."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("pb_service", "docs", "scripts"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    begun = {"pb": "pb_service.cli", "pb-verify": "pb_service.verifier.__main__"}
    for name, module in begun.items():
        start = f"import sys; sys.argv[0] = '{name}'; from {module} import main; sys.exit(main())"
        (programs / name).write_text(f'#!/bin/sh\nPYTHONPATH={CHECKOUT} exec {sys.executable} -c "{start}" "$@"\n')
    (programs / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    (tmp_path / "FILE.pb").write_bytes(pabulib_bytes("West"))
    for name in ("home", "srv/www", "safe/place"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def filled(block: str, site: str, key: str, place: Path) -> str:
    """A block with what a reader puts in."""
    put_in = {
        "https://budget.example.org/pb/spring-2027": f"{site}/pb/spring",
        "https://budget.example.org": site,
        "budget.example.org/pb/spring-2027+d2ea2b4d+AQ…": key,
        "'KEY'": f"'{key}'",
        "ROUND": "spring",
        "CONTEST": "north",
        "export demo": "export spring",
        # in the folder of the hour, one below
        "\nscripts/build-verifier": f"\n{place}/scripts/build-verifier",
        "--tally result.json FILE.pb": f"--tally {place}/result.json {place}/FILE.pb",
        "/srv/": f"{place}/srv/",
        "/safe/place": f"{place}/safe/place",
    }
    filled_in = f"\n{block}"
    for name, value in put_in.items():
        filled_in = filled_in.replace(name, value)
    return filled_in


def test_every_block_is_run_or_has_its_reason_and_no_reason_is_left_over() -> None:
    every = [block for path in DOCS for block in blocks(path)]
    assert [start for start in (*FORMS, *NOT_RUN) if not any(block.startswith(start) for block in every)] == []
    assert [path.name for path in RUN] == ["README.md", "data.md", "operate.md", "verify.md"]


@pytest.mark.parametrize("path", RUN, ids=lambda path: path.stem)
async def test_the_commands_of_a_document_do_what_it_says(path: Path, site: str, service: Service, place: Path) -> None:
    """In their order, in one folder, each with status 0; what is asked for is typed in."""
    for program in ("curl", "sha256sum"):
        assert shutil.which(program), f"{program} is needed to run the commands of the documents"
    key = await record_key(service)
    script = "\n".join(["set -e", *prepared(path), *(filled(block, site, key, place) for block in RUN[path])])
    environ = {
        "PATH": f"{place}/.venv/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(place / "home"),
        "LANG": "C.UTF-8",
        "PB_DATABASE_URL": service.settings.database_url or service.database.url,
        "PB_DATA": str(service.settings.data),
        **{name: os.environ[name] for name in ("PB_PG_BIN",) if name in os.environ},
    }
    running = await asyncio.create_subprocess_exec(
        *("sh", "-c", script),
        cwd=place,
        env=environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    said, _ = await asyncio.wait_for(running.communicate(b"twelve good words\ntwelve good words\n"), 300)
    text = said.decode()
    assert running.returncode == 0, f"{script}\n{text}"
    for sentence in EXPECTED[path.name]:
        assert sentence in text, f"{sentence!r} is not in:\n{text}"


def prepared(path: Path) -> list[str]:
    """What the text of a document has its reader do between the blocks."""
    if path.name == "verify.md":
        return ["pb tally FILE.pb --rule greedy_score --ties cost,id --format json > result.json"]
    return []


#: What a reader is told to see, by document.
EXPECTED = {
    "README.md": ["won", "The published result follows from the published ballots."],
    "data.md": ["data-spring-north-ballots.pb: OK", "ballots.pb: ", "as listed", "'archive-2019' is counted"],
    "operate.md": ["+"],
    "verify.md": [
        "The published result follows from the published ballots.",
        "refused, with status 1",
        "is not the file that was signed",
        "3 3 Project a",
        "entries were in the older record",
    ],
}


async def record_key(service: Service) -> str:
    """The verifier key of the round's record, as a poster would have it."""
    async with service.database.reading() as session:
        found = await find_round(session, "spring", whole=False)
        return vkey(await record.origin_of(session, found.log), public_bytes(service.log_key))
