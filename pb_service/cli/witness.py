"""`pb witness`: a witness of public records. It needs a folder, and nothing of the service."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click

from pb_service.cli.files import printable
from pb_service.cli.outside import Stopped, language_option
from pb_service.core.record.checkpoint import CheckpointError
from pb_service.core.record.witness import Submission
from pb_service.trustee import words_witness as words
from pb_service.trustee.sources import SourceError, source_of
from pb_service.trustee.witness import Fork, Refusal, WitnessError, WitnessFolder
from pb_service.trustee.words import say

#: A checkpoint, its proof, and the signatures of many witnesses.
_MOST_BYTES = 1 << 16
_PATIENCE_SECONDS = 30

folder_argument = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def witness() -> None:
    """Witness public records: sign each head that extends the last one, and never anything else."""


@witness.command()
@folder_argument
@click.option("--name", required=True, help="Name of the witness: an address without https://, and your own.")
@language_option
def new(folder: Path, name: str, language: str) -> None:
    """Make a witness in FOLDER, and show the verifier key to give to operators."""
    try:
        made = WitnessFolder.create(folder, name)
    except (WitnessError, OSError) as error:
        raise Stopped(str(error)) from error
    click.echo(say(words.MADE, language, folder=str(folder)))
    click.echo(made.witness.vkey)


@witness.command()
@folder_argument
@click.argument("vkey")
@language_option
def follow(folder: Path, vkey: str, language: str) -> None:
    """Follow a record from now on, by its verifier key VKEY. Once for each record."""
    try:
        WitnessFolder(folder).follow(vkey)
    except (WitnessError, OSError) as error:
        raise Stopped(str(error)) from error
    click.echo(say(words.FOLLOWED, language, origin=printable(vkey.partition("+")[0])))


@witness.command()
@folder_argument
@click.option("--listen", default="127.0.0.1", show_default=True, help="Address; TLS is a proxy's work.")
@click.option("--port", default=8100, show_default=True, type=click.IntRange(0, 65535))
@language_option
def serve(folder: Path, listen: str, port: int, language: str) -> None:
    """Answer the operators' calls (C2SP tlog-witness) until Ctrl-C, and show what was signed last."""
    try:
        server = server_of(WitnessFolder(folder), listen, port)
    except (WitnessError, OSError) as error:
        raise Stopped(str(error)) from error
    click.echo(say(words.SERVING, language, address=f"{listen}:{server.server_address[1]}"))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@witness.command()
@folder_argument
@click.argument("records", nargs=-1, required=True, metavar="RECORD...")
@click.option("--every", type=click.IntRange(min=1), metavar="SECONDS", help="Look again and again, not once.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write what was signed into this folder.")
@language_option
def look(folder: Path, records: tuple[str, ...], every: int | None, out: Path | None, language: str) -> None:
    """Read each RECORD (an address, or a folder of tiles) as everybody sees it, and sign what extends the last head.

    Ends with 3 if a record contradicts what was signed, with 2 if one cannot be read or signed.
    """
    while True:
        try:
            opened = WitnessFolder(folder)
            worst = max(_look(opened, record, out, language) for record in records)
        except (WitnessError, OSError) as error:
            raise Stopped(str(error)) from error
        if worst == 3 or every is None:
            raise SystemExit(worst)
        time.sleep(every)


def _look(opened: WitnessFolder, record: str, out: Path | None, language: str) -> int:
    """Look at one record and say what was found. Returns the exit status."""
    try:
        signed = opened.look(source_of(record), int(time.time()))
    except Fork as error:
        click.echo(say(words.FORK, language, fault=printable(str(error)), proof=str(opened.folder / "fork")), err=True)
        return 3
    except (Refusal, SourceError) as error:
        fault = printable(str(error)).removesuffix(".")
        click.echo(say(words.NOT_SIGNED, language, fault=fault, place=record), err=True)
        return 3 if isinstance(error, Refusal) and error.size is not None else 2
    if out is not None:
        published = out / opened.name_of(signed.origin) / "checkpoint"
        published.parent.mkdir(parents=True, exist_ok=True)
        beside = published.with_name(".checkpoint.new")
        beside.write_bytes(signed.note)
        beside.replace(published)
    click.echo(say(words.SIGNED, language, origin=printable(signed.origin), size=f"{signed.head.size:,}"))
    return 0


def server_of(opened: WitnessFolder, listen: str, port: int) -> ThreadingHTTPServer:
    """Return a server of a witness, not yet running: ``add-checkpoint``, and ``<SHA-256 of the origin>/checkpoint``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _PATIENCE_SECONDS

        def do_GET(self) -> None:
            name, _, rest = self.path.lstrip("/").partition("/")
            note = opened.published(name) if rest == "checkpoint" else None
            self._answer(200 if note else 404, note or b"no such checkpoint\n")

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if self.path.rpartition("/")[2] != "add-checkpoint" or not length.isdecimal() or int(length) > _MOST_BYTES:
                self.close_connection = True  # what was sent is not read
                self._answer(404 if length.isdecimal() and int(length) <= _MOST_BYTES else 413, b"no such call\n")
                return
            try:
                asked = Submission.parse(self.rfile.read(int(length)))
                self._answer(200, opened.cosign(asked, int(time.time())))
            except CheckpointError as error:
                self._answer(400, f"{error}\n".encode())
            except Refusal as error:
                if isinstance(error, Fork):
                    click.echo(f"ALARM: {printable(str(error))}", err=True)
                told = f"{error}\n" if error.size is None or error.status != 409 else f"{error.size}\n"
                self._answer(error.status, told.encode())
            except (WitnessError, OSError) as error:
                click.echo(str(error), err=True)
                self._answer(503, b"this witness cannot sign now\n")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/x.tlog.size" if status == 409 else "text/plain; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing of who asks."""

    return ThreadingHTTPServer((listen, port), Handler)
