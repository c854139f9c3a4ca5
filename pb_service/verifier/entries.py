"""The entries of the record: kinds, fields, signatures, order. Section 3 of docs/schemas/bundle.md."""

from collections.abc import Sequence
from typing import Any

from pb_service.verifier.canonical import NotCanonicalError, dumps, from_b64u, loads
from pb_service.verifier.ed25519 import verify
from pb_service.verifier.findings import Problem
from pb_service.verifier.manifest import CONTEST_ID, Manifest
from pb_service.verifier.shapes import MisshapenError, exactly, integer, raw, record, row, text

STAGE = r"[a-z]+(\.[a-z]+)+"
SLACK = 300  # seconds by which clocks of several writers may disagree

TIME = integer(0)
HEAD = {"v": exactly(1), "k": text()}
SIGNED = HEAD | {"e": raw(32), "sg": row(row(exactly("op"), raw(64)))}
KINDS = {
    "manifest": record(SIGNED | {"f": raw(32)}),
    "close": record(SIGNED | {"n": integer(0), "ts": TIME}),
    "result": record(SIGNED | {"d": CONTEST_ID, "bal": raw(32), "out": raw(32)}),
}
STAGE_ENTRY = record(
    HEAD | {"k": text(STAGE), "t": TIME, "o": text(r"[A-Za-z0-9._:/-]{1,128}"), "by": text("[a-z]+"), "h": raw(32)}
)


class Record:
    """Walks the entries in order and keeps what they fix: the hashes of the files, and every problem on the way.

    ``is_whole``: the record must reach the results; else it may end before the vote.
    """

    def __init__(self, entries: Sequence[bytes], manifest: Manifest | None, *, is_whole: bool = True) -> None:
        self.problems: list[Problem] = []
        self.manifest_hash: bytes | None = None
        self.results: dict[str, tuple[bytes, bytes]] = {}
        self.signatures = 0
        self._manifest = manifest
        self._closed = False
        self._time: int | None = None
        for index, entry in enumerate(entries):
            self._read(index, entry)
        if is_whole:
            self._read_end()

    def _read(self, index: int, data: bytes) -> None:
        try:
            entry = loads(data)
        except NotCanonicalError:
            self._problem("entry_not_canonical", entry=index)
            return
        kind = entry.get("k") if type(entry) is dict else None
        shape = KINDS.get(kind) if isinstance(kind, str) else None
        try:
            (shape or STAGE_ENTRY)(entry, "")
        except MisshapenError as error:
            self._problem("entry_misshapen", entry=index, path=str(error) or ".")
            return
        if shape:
            self._check_signature(index, entry)
            self._check_order(index, entry)
        self._check_time(index, entry)

    def _check_signature(self, index: int, entry: dict[str, Any]) -> None:
        if self._manifest is None:
            return  # without the manifest there is no key; that the manifest cannot be read is a problem of its own
        if from_b64u(entry["e"], 32) != self._manifest.eid:
            self._problem("entry_other_election", entry=index)
        body = dumps({name: value for name, value in entry.items() if name != "sg"})
        signature = from_b64u(entry["sg"][0][1], 64)
        if verify(self._manifest.operator_key, b"pb/sig/" + entry["k"].encode() + b"\x00" + body, signature):
            self.signatures += 1
        else:
            self._problem("entry_signature", entry=index)

    def _check_order(self, index: int, entry: dict[str, Any]) -> None:
        kind = entry["k"]
        if kind == "manifest":
            if self.manifest_hash is not None or self._closed or self.results:
                self._problem("entry_order", entry=index, kind=kind)
            else:
                self.manifest_hash = from_b64u(entry["f"], 32)
        elif kind == "close":
            if self.manifest_hash is None or self._closed or self.results:
                self._problem("entry_order", entry=index, kind=kind)
            if entry["n"] != index:
                self._problem("close_index", entry=index, n=entry["n"])
            self._closed = True
        else:
            self._check_result(index, entry)

    def _check_result(self, index: int, entry: dict[str, Any]) -> None:
        contest = entry["d"]
        if not self._closed:
            self._problem("entry_order", entry=index, kind="result")
        if contest in self.results:
            self._problem("result_twice", entry=index, contest=contest)
            return
        if self._manifest and contest not in {known.id for known in self._manifest.contests}:
            self._problem("result_unknown", entry=index, contest=contest)
        self.results[contest] = from_b64u(entry["bal"], 32), from_b64u(entry["out"], 32)

    def _check_time(self, index: int, entry: dict[str, Any]) -> None:
        time = entry.get("t", entry.get("ts"))
        if time is None:
            return
        if self._time is not None and time < self._time - SLACK:
            self._problem("entry_time", entry=index, seconds=self._time - time)
        self._time = time

    def _read_end(self) -> None:
        if self.manifest_hash is None:
            self._problem("entry_missing", kind="manifest")
        if not self._closed:
            self._problem("entry_missing", kind="close")
        for contest in self._manifest.contests if self._manifest else ():
            if contest.id not in self.results:
                self._problem("result_missing", contest=contest.id)

    def _problem(self, code: str, **at: str | int) -> None:
        self.problems.append(Problem(code, at))
