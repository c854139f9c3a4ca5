"""Where a record is read from: the service's address, a mirror's, or a folder on a memory stick."""

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from pb_service.core.record.tiles import WIDTH, Tile

#: The largest file that a record may name: the lists of 100,000 ballots of 64 blocks fit.
MOST_BYTES = 1 << 30
_PATIENCE_SECONDS = 60.0
#: A server that gives its answer more slowly than this is as good as none.
_SLOWEST_BYTES_PER_SECOND = 10_000
_CHUNK = 1 << 16


class SourceError(RuntimeError):
    """The record cannot be reached, or has no such file. The sentence says what to try."""


class Source(Protocol):
    """Files below a record's address, by path; and the way to hand something in."""

    def read(self, path: str) -> bytes:
        """Return a file. Raises SourceError."""

    def hand_in(self, kind: str, body: bytes) -> None:
        """Give an entry or a file to the operator. Raises SourceError."""


class Folder:
    """A record in a folder: read from it, and handed in by writing into ``inbox``, to be carried back."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, path: str) -> bytes:
        try:
            return (self.path / path).read_bytes()
        except OSError as error:
            raise SourceError(f"{self.path / path}: {error.strerror}.") from error

    def hand_in(self, kind: str, body: bytes) -> None:
        inbox = self.path / "inbox"
        inbox.mkdir(exist_ok=True)
        (inbox / f"{kind}-{hashlib.sha256(body).hexdigest()}").write_bytes(body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An address that sends its readers elsewhere is not the one that was given."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


class Address:
    """A record at a web address; TLS is asked for except on this machine, and no redirection is followed."""

    def __init__(self, url: str, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        parts = urlsplit(url)
        local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if not parts.hostname or parts.scheme not in ({"http", "https"} if local else {"https"}):
            raise SourceError(f"{url}: an address begins with https:// (http:// on this machine alone).")
        self.url = url.rstrip("/")
        self._patience = patience_seconds

    def read(self, path: str) -> bytes:
        return self._ask(urllib.request.Request(f"{self.url}/{path}"))  # noqa: S310 # the scheme was looked at

    def hand_in(self, kind: str, body: bytes) -> None:
        headers = {"content-type": "application/octet-stream"}
        self._ask(urllib.request.Request(f"{self.url}/{kind}", body, headers))  # noqa: S310 # the scheme was looked at

    def _ask(self, request: urllib.request.Request) -> bytes:
        try:
            with _OPENER.open(request, timeout=self._patience) as answer:
                body = self._whole(answer)
        except urllib.error.HTTPError as error:
            told = error.read(500).decode(errors="replace")
            raise SourceError(f"{request.full_url}: answered {error.code}. {told}".strip()) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise SourceError(f"{request.full_url} cannot be reached: {reason}. Is the network there?") from error
        if len(body) > MOST_BYTES:
            raise SourceError(f"{request.full_url} is longer than any file of a record.")
        return body

    def _whole(self, answer: Any) -> bytes:
        """Read to the end, or one byte more than any file may have. Raises OSError if it trickles or ends early."""
        started, body = time.monotonic(), bytearray()
        while len(body) <= MOST_BYTES and (chunk := answer.read1(_CHUNK)):
            body += chunk
            if time.monotonic() - started > self._patience + len(body) / _SLOWEST_BYTES_PER_SECOND:
                raise TimeoutError("too slow")
        if answer.length and len(body) <= MOST_BYTES:
            raise OSError("it ended early")
        return bytes(body)


def source_of(place: str) -> Source:
    """Return the source of an address or of a folder."""
    return Address(place) if "://" in place else Folder(Path(place))


def read_tile(source: Source, tile: Tile) -> bytes:
    """Return a tile or bundle; a partial one that is gone is cut from the full one. Raises SourceError, TileError."""
    try:
        return source.read(tile.path)
    except SourceError:
        if tile.width == WIDTH:
            raise
        try:
            return tile.cut(source.read(tile.full.path))
        except SourceError:
            pass
        raise


class Files(Mapping[bytes, bytes]):
    """The files that entries name, by SHA-256, fetched when asked for and never taken on trust."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._kept: dict[bytes, bytes] = {}

    def __getitem__(self, sha256: bytes) -> bytes:
        if sha256 not in self._kept:
            try:
                body = self._source.read(f"file/{sha256.hex()}")
            except SourceError as error:
                raise KeyError(sha256) from error
            if hashlib.sha256(body).digest() != sha256:
                raise KeyError(sha256)
            self._kept[sha256] = body
        return self._kept[sha256]

    def __iter__(self):  # type: ignore[no-untyped-def] # a mapping's duty
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)
