"""The operator of a rehearsal: one sealed vote in memory, its record on a local port, trustees elsewhere.

It lets them come by `pb trustee go`: gives out the record as files, takes their entries, and takes its own steps when
their turns are over. Voters are simulated. What a real round does is the same, with people and a database.
"""

import hashlib
import secrets
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pb_service.core.record import checkpoint, entries, merkle
from pb_service.core.record.canonical import unb64u
from pb_service.core.record.signatures import public_bytes
from pb_service.core.record.tiles import log_files
from pb_service.core.sealing import rehearsal as rehearsing
from pb_service.core.sealing import shuffle, simulation, threshold
from pb_service.core.sealing.election import RecordError
from pb_service.core.sealing.simulation import Scenario, Vote
from pb_service.core.sealing.trusteeship import checked_list, share_of, stage_of

_MOST_BYTES = 1 << 28


class Rehearsal:
    """A vote whose trustees are elsewhere. Every act holds one lock: the record has one writer."""

    def __init__(self, vote: Vote, trustees: Sequence[tuple[str, bytes]]) -> None:
        self.vote = vote
        self.finished = threading.Event()
        self._lock = threading.Lock()
        self._voters: dict[str, list[bytes]] = {}
        self._published: dict[str, bytes] = {}
        self._messages: list[bytes] = []  # of the trustees' rehearsal within this one
        simulation.set_up(vote, trustees)
        self._publish()

    def read(self, path: str) -> bytes | None:
        """Return a file of the record, None if there is none."""
        with self._lock:
            kind, _, name = path.partition("/")
            if kind == "file":
                return self.vote.files.get(bytes.fromhex(name))
            if kind == "roll":
                return self.vote.rolls.get(name)
            if path == "rehearsal":
                return b"".join(message + b"\n" for message in self._messages)
            return self._published.get(path)

    def take_file(self, body: bytes) -> None:
        with self._lock:
            self.vote.keep(body)

    def take_message(self, body: bytes) -> None:
        """Pass on a message of the trustees' rehearsal before the vote opens. Raises RehearsalError if it is none."""
        with self._lock:
            rehearsal = rehearsing.Rehearsal(self.vote.election)
            for message in (*self._messages, body):
                rehearsal.append(message, self.vote.files)
            self._messages.append(body)

    def take_entry(self, body: bytes) -> None:
        """Append a trustee's entry, its proof checked first, and take the operator's steps that follow from it.

        Raises RecordError, and ValueError for a proof that does not hold.
        """
        with self._lock:
            self._check_proof(entries.parse(body))
            self.vote.log(body)
            self._step()
            self._publish()

    def _check_proof(self, entry: entries.Entry) -> None:
        """A mix or a part whose proof does not hold must not be appended."""
        election, fields = self.vote.election, entry.fields
        if entry.kind == "mix":
            rows = checked_list(election, fields["d"], self.vote.files)
            after, proof = (self.vote.files[unb64u(fields[name], 32)] for name in ("out", "pf"))
            shuffle.verify(rows, after, proof, stage_of(election, fields["d"], fields["st"], fields["j"]))
        elif entry.kind == "dec":
            rows = checked_list(election, fields["d"], self.vote.files)
            file = self.vote.files[unb64u(fields["f"], 32)]
            threshold.verify(rows, file, share_of(election, fields["d"], fields["j"]))

    def _step(self) -> None:
        vote, election = self.vote, self.vote.election
        setup = election.setup
        assert setup is not None  # noqa: S101 # logged at the start
        if election.manifest is None and len(election.messages["tk3"]) == setup.setting.trustees:
            self._voters = simulation.aliases(vote)
            simulation.open_vote(vote)
        elif election.opened and election.closed_at is None:
            for contest in vote.scenario.contests:
                for alias, ballot in zip(self._voters[contest.id], contest.ballots, strict=False):
                    simulation.cast_ballot(vote, contest.id, alias, ballot, proofs=False)
            simulation.close_vote(vote)
        for contest in vote.scenario.contests:
            progress = election.progress.get(contest.id)
            if progress and progress.result is None and len(progress.parts) >= setup.setting.quorum:
                simulation.publish(vote, contest)
        if election.progress and all(each.result for each in election.progress.values()):
            self.finished.set()

    def _publish(self) -> None:
        leaves = [merkle.leaf_hash(entry) for entry in self.vote.entries]
        head = checkpoint.Checkpoint(self.vote.scenario.origin, len(leaves), merkle.root(leaves))
        note = checkpoint.sign(head, self.vote.keys["log"])
        # Files of smaller trees stay: whoever read the head before this one still asks for them.
        self._published |= {**log_files(self.vote.entries), "checkpoint": note}


def host(scenario: Scenario, trustees: Sequence[tuple[str, bytes]], vote: Vote, port: int) -> ThreadingHTTPServer:
    """Return a server of a rehearsal on this machine, not yet running; its ``rehearsal`` is the vote."""
    assert len(trustees) == scenario.trustees  # noqa: S101 # the command saw to it
    rehearsal = Rehearsal(vote, trustees)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                found = rehearsal.read(self.path.lstrip("/"))
            except ValueError:
                found = None
            self._answer(404 if found is None else 200, b"no such file" if found is None else found)

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            if size > _MOST_BYTES:
                self._answer(413, b"too long")
                return
            body = self.rfile.read(size)
            takers = {"/file": rehearsal.take_file, "/rehearsal": rehearsal.take_message}
            try:
                takers.get(self.path, rehearsal.take_entry)(body)
            except (RecordError, ValueError, KeyError) as error:
                self._answer(409, str(error).encode())
            else:
                self._answer(200, hashlib.sha256(body).hexdigest().encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: what matters stands in the record."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.rehearsal = rehearsal  # type: ignore[attr-defined] # for who runs it
    return server


def rehearsal_origin() -> str:
    """Return the origin of a new rehearsal: it says what it is, and no two are the same."""
    return f"localhost/pb/rehearsal-{secrets.token_hex(4)}"


def log_vkey(vote: Vote) -> str:
    """Return the verifier key of the record, as on a poster."""
    return checkpoint.vkey(vote.scenario.origin, public_bytes(vote.keys["log"]))
