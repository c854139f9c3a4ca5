"""A public record on disk with a key of its own, and a server that shows it, or shows what it should not."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import checkpoint, merkle, tiles
from pb_service.core.record.checkpoint import Checkpoint
from pb_service.core.record.signatures import public_bytes
from pb_service.core.record.witness import Submission
from pb_service.features.record.store import TileStore

ORIGIN = "example.org/pb/spring"
KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
VKEY = checkpoint.vkey(ORIGIN, public_bytes(KEY))


def entries(count: int, mark: str = "entry", shared: int = 0) -> list[bytes]:
    """Entries of one history; the first ``shared`` are those of every history."""
    return [f"{'entry' if index < shared else mark} {index}".encode() for index in range(count)]


def leaves(of: Sequence[bytes]) -> list[bytes]:
    return [merkle.leaf_hash(entry) for entry in of]


def head_of(of: Sequence[bytes]) -> Checkpoint:
    return Checkpoint(ORIGIN, len(of), merkle.root(leaves(of)))


def note_of(of: Sequence[bytes], key: Ed25519PrivateKey = KEY) -> bytes:
    return checkpoint.sign(head_of(of), key)


def submission(of: Sequence[bytes], old_size: int) -> Submission:
    """What a log sends whose witness has signed the first ``old_size`` of its entries."""
    return Submission(old_size, tuple(merkle.consistency_proof(leaves(of), old_size)), note_of(of))


def publish(folder: Path, of: Sequence[bytes], *cosignatures: bytes) -> None:
    """Write a record as the sequencer does, and what witnesses have signed of it."""
    store = TileStore(folder.parent)
    store.write(folder.name, tiles.log_files(of))
    store.write(folder.name, {"checkpoint": note_of(of)})
    if cosignatures:
        store.write(folder.name, {"witnessed": note_of(of) + b"".join(cosignatures)})


#: Answers in place of the files: status, headers, and the body in pieces, each after so many seconds.
Answer = tuple[int, dict[str, str], Sequence[tuple[float, bytes]]]


@dataclass
class Site:
    """Shows the files of a folder, or what ``fault`` answers for a path."""

    url: str = ""
    fault: Callable[[str], Answer | None] = lambda _: None
    asked: list[str] = field(default_factory=list)


@contextmanager
def shown(folder: Path) -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            self.rfile.read(int(self.headers.get("content-length") or 0))
            file = folder / self.path.lstrip("/")
            found: Answer = (200, {}, [(0, file.read_bytes())]) if file.is_file() else (404, {}, [])
            status, headers, pieces = site.fault(self.path) or found
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # the reader has gone
                for seconds, piece in pieces:
                    time.sleep(seconds)
                    self.wfile.write(piece)
                    self.wfile.flush()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as site.url:
        yield site


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[str]:
    """The address of a server that runs meanwhile."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
