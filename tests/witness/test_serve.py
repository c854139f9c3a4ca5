"""`pb witness serve`, a process of its own, as operators and readers meet it."""

import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from pb_service.core.record import checkpoint
from pb_service.core.record.checkpoint import Checkpoint
from pb_service.core.record.witness import Submission, cosigned_at
from pb_service.trustee.witness import WitnessFolder
from pb_service.verifier.log import parse_checkpoint, parse_vkey
from tests.records import KEY, ORIGIN, entries, note_of, submission

PB = [sys.executable, "-c", "from pb_service.cli import main; main(prog_name='pb')"]
TRUE, FALSE = entries(300), entries(300, "lie", shared=100)


@pytest.fixture
def site(witness: WitnessFolder) -> Iterator[httpx.Client]:
    command = [*PB, "witness", "serve", str(witness.folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        address = process.stdout.readline().split()[3].rstrip(",")
        with httpx.Client(base_url=address, timeout=120) as client:
            yield client
        process.kill()


def ask(site: httpx.Client, asked: Submission) -> httpx.Response:
    return site.post("/add-checkpoint", content=asked.body())


def test_a_whole_life(site: httpx.Client, witness: WitnessFolder) -> None:
    """Signed, asked again, grown, forked, and shown to everybody; each answer is that of C2SP tlog-witness."""
    first = ask(site, submission(TRUE[:200], 0))
    assert first.status_code == 200
    assert list(cosigned_at(note_of(TRUE[:200]) + first.content, [witness.witness])) == ["library.example/w1"]
    behind = ask(site, submission(TRUE, 0))
    assert (behind.status_code, behind.text, behind.headers["content-type"]) == (409, "200\n", "text/x.tlog.size")
    assert ask(site, submission(TRUE, 200)).status_code == 200
    assert ask(site, submission(FALSE, 300)).text == "300\n"
    assert ask(site, submission(FALSE, 300)).status_code == 409
    shown = site.get(f"/{WitnessFolder.name_of(ORIGIN)}/checkpoint")
    assert shown.content.startswith(note_of(TRUE))


def test_the_verifier_takes_the_signature(site: httpx.Client, witness: WitnessFolder) -> None:
    """A second implementation, which shares no code with the witness."""
    line = ask(site, submission(TRUE, 0)).content
    assert parse_checkpoint(note_of(TRUE) + line).is_cosigned_by(parse_vkey(witness.witness.vkey, b"\x04"))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 5\n\n", 400),
        (b"old 05\n\n" + note_of(TRUE), 400),
        (b"old -1\n\n" + note_of(TRUE), 400),
        (b"old 0\nnot base64\n\n" + note_of(TRUE), 400),
        (b"old 0\n" + b"AAAA\n" * 64 + b"\n" + note_of(TRUE), 400),
        (b"old 0\n" + note_of(TRUE), 400),
        (b"\xff\n\n" + note_of(TRUE), 400),
        (b"old 301\n\n" + note_of(TRUE), 400),
        (b"old 0\n\n" + note_of(TRUE)[:-20], 400),
        (b"old 0\n\n" + note_of(TRUE).replace(b"300", b"301"), 403),
        (b"old 0\n\n" + checkpoint.sign(Checkpoint("example.org/pb/x", 5, bytes(32)), KEY), 404),
        (b"x" * 70_000, 413),
    ],
)
def test_what_is_no_call_is_refused(site: httpx.Client, body: bytes, status: int) -> None:
    assert site.post("/add-checkpoint", content=body).status_code == status


def test_nothing_else_is_there(site: httpx.Client) -> None:
    """Neither the key nor any other file of the folder."""
    for path in (
        "/",
        "/witness.key",
        "/../witness.key",
        "/logs/witness.key",
        f"/{'0' * 64}/checkpoint",
        "/x/checkpoint",
    ):
        assert site.get(path).status_code == 404
    assert site.post("/witness.key", content=b"x").status_code == 404


def test_a_witness_that_cannot_write_says_so(site: httpx.Client, witness: WitnessFolder) -> None:
    """A damaged memory, a full disk: no signature, and the operator asks again later."""
    [kept] = (witness.folder / "logs").iterdir()
    kept.write_bytes(b"damaged")
    assert ask(site, submission(TRUE, 0)).status_code == 503
