"""The folder of evidence: section 16 of docs/protocol.md."""

import hmac
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pb_service.verifier import container
from pb_service.verifier.canonical import NotCanonicalError, from_b64u, h32, loads
from pb_service.verifier.findings import Unreadable
from pb_service.verifier.sealed.hashes import frame
from pb_service.verifier.shapes import MisshapenError, Shape, exactly, integer, raw, record, text

AUDIT = record({"v": exactly(1), "e": raw(32), "key": raw(32), "seed": text(r"(?s:.{1,1000})"), "m": integer(0)})
TOKEN = record({"x": integer(0), "o": raw(32), "token": text()})
PERSON = record({"pid": text(r"(?s:.{1,200})"), "ps": raw(32)}, {"p": raw(32), "late": exactly(True)})
LARGEST = 2**31


@dataclass(frozen=True)
class Person:
    """Somebody entitled: the person id as it counts, the alias, the code key (zeros if there is none)."""

    pid: str
    alias: bytes
    code_key: bytes
    is_late: bool


class Evidence:
    """The files of the folder. Raises Unreadable where they are not as the page says."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        (audit,) = self._documents("audit.json", AUDIT, is_one=True)
        self.eid = from_b64u(audit["e"], 32)
        self.seed: str = audit["seed"]
        self.sample: int = audit["m"]
        self._key = from_b64u(audit["key"], 32)

    def tokens(self) -> list[tuple[int, bytes, str]]:
        """Entry, o and token of each sign-in; none when there is no such file."""
        if not (self._folder / "tokens.jsonl").exists():
            return []
        found = self._documents("tokens.jsonl", TOKEN)
        return [(value["x"], from_b64u(value["o"], 32), value["token"]) for value in found]

    def people(self, group: str) -> list[Person]:
        """Those entitled in a group."""
        return [
            Person(
                person_id(value["pid"]),
                self._alias(group, value),
                from_b64u(value["p"], 32) if "p" in value else bytes(32),
                "late" in value,
            )
            for value in self._documents(f"rolls/{group}.jsonl", PERSON)
        ]

    def file(self, digest: bytes) -> bytes | None:
        """A file by its hash, if it is here."""
        path = self._folder / "files" / digest.hex()
        return container.read_file(str(path), LARGEST) if path.exists() else None

    def _alias(self, group: str, value: dict[str, Any]) -> bytes:
        """H32("pb/alias", salt, pid, g), the salt from the roll key and the keyed pseudonym (section 6)."""
        framed = frame(b"pb/salt", from_b64u(value["ps"], 32), group.encode())
        salt = hmac.digest(self._key, framed, "sha256")[:16]
        return h32("pb/alias", salt, person_id(value["pid"]).encode(), group.encode())

    def _documents(self, name: str, shape: Shape, *, is_one: bool = False) -> Iterator[Any]:
        path = self._folder / name
        data = container.read_file(str(path), LARGEST)
        lines = [data] if is_one else data.split(b"\n")
        if not is_one and lines.pop():
            raise Unreadable("bad_evidence", path=str(path), line=len(lines) + 1)
        for number, line in enumerate(lines, 1):
            try:
                value = loads(line)
                shape(value, "")
            except (NotCanonicalError, MisshapenError) as error:
                raise Unreadable("bad_evidence", path=str(path), line=number) from error
            yield value


def person_id(text: str) -> str:
    """A person id as it counts: NFC, trimmed of ASCII white space, upper case."""
    return unicodedata.normalize("NFC", text).strip(" \t\n\v\f\r").upper()
