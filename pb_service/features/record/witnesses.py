"""Witnesses are asked in the background for their cosignatures; nothing ever waits for them (docs/adr/0038).

The newest head is sent to each by the call ``add-checkpoint`` of C2SP tlog-witness, with the proof that it extends the
one they signed last. As soon as a quorum has signed a head, it is published as ``witnessed`` beside the checkpoint. A
head that stands still is signed anew now and then, so that readers can tell a quiet record from a silent one.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import httpx
import structlog

from pb_service.core.record import checkpoint
from pb_service.core.record.checkpoint import Checkpoint, CheckpointError
from pb_service.core.record.policy import Asked, Policy
from pb_service.core.record.tiles import Tile, TileError, TileTree
from pb_service.core.record.witness import Submission, cosigned_at, quorum_time
from pb_service.features.record.service import REHEARSAL
from pb_service.features.record.store import TileStore
from pb_service.platform.alarms import Check, Trouble
from pb_service.platform.clock import Clock
from pb_service.platform.tasks import heed_cancellation
from pb_service.settings import SettingsError

#: How long one witness may take to answer.
PATIENCE = timedelta(seconds=5)
#: How long one that failed is left alone.
REST = timedelta(minutes=1)
#: After how long a head that stands still is signed anew, and after how long without that the operators are told.
FRESH, STALE = timedelta(minutes=5), timedelta(minutes=20)
_MOST_BYTES = 1 << 16

log_event = structlog.get_logger()


class _Refused(RuntimeError):
    """A witness did not cosign; the sentence says what it answered."""


class _Contradicted(_Refused):
    """A witness says that it has signed what the record here does not have. It need not be true: people must look."""


@dataclass
class _Known:
    """What is known of one witness and one record: the size it signed last, its line, and since when it fails."""

    size: int = 0
    head: Checkpoint | None = None
    line: bytes = b""
    at: float = 0
    rests_until: float = 0
    failed: bool = False


class Witnesses:
    """Asks the witnesses of a policy about every record, but not about rehearsals, which may begin anew."""

    def __init__(self, store: TileStore, policy: Policy, clock: Clock, patience: timedelta = PATIENCE) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock
        self._patience = patience.total_seconds()
        self._known: defaultdict[tuple[str, str], _Known] = defaultdict(_Known)

    async def run_forever(self, interval: float = 2.0) -> NoReturn:
        """Ask about what is new every ``interval`` seconds until cancelled."""
        async with self.client() as client:
            while True:
                try:
                    await self.run_once(client)
                except Exception as error:
                    heed_cancellation()
                    log_event.error("record.witnesses_hindered", exc_info=error)
                await asyncio.sleep(interval)

    def client(self) -> httpx.AsyncClient:
        """Return what to ask with: connections are kept, and no redirection is followed."""
        return httpx.AsyncClient(timeout=self._patience, follow_redirects=False)

    async def run_once(self, client: httpx.AsyncClient) -> None:
        """Ask about every head that is new or was signed long ago. Does nothing while another process asks."""
        with self._store.asking() as alone:
            if alone:
                slugs = [slug for slug in self._store.logs() if not slug.startswith(REHEARSAL)]
                await asyncio.gather(*(self._ask_all(client, slug) for slug in slugs))

    async def _ask_all(self, client: httpx.AsyncClient, slug: str) -> None:
        note = await asyncio.to_thread(self._store.read, slug, "checkpoint")
        if note is None:
            return
        head = checkpoint.parse(note)
        now = self._clock().timestamp()
        known = [(asked, self._known[asked.witness.name, slug]) for asked in self._policy.witnesses]
        due = [
            (asked, each)
            for asked, each in known
            if now >= each.rests_until and (each.head != head or now - each.at > FRESH.total_seconds())
        ]
        await asyncio.gather(*(self._ask(client, asked, each, slug, note) for asked, each in due))
        cosigned = note + b"".join(each.line for _, each in known if each.head == head)
        if due and quorum_time(cosigned, self._policy.keys, self._policy.quorum) is not None:
            await asyncio.to_thread(self._store.write, slug, {"witnessed": cosigned})

    async def _ask(self, client: httpx.AsyncClient, asked: Asked, known: _Known, slug: str, note: bytes) -> None:
        """Get one witness's line. What goes wrong is said once, and then the witness rests."""
        try:
            async with asyncio.timeout(self._patience):
                known.line = await self._line(client, asked, known, slug, note)
        except (_Refused, httpx.HTTPError, TileError, OSError) as error:
            known.rests_until = self._clock().timestamp() + REST.total_seconds()
            if not known.failed:
                log = log_event.critical if isinstance(error, _Contradicted) else log_event.warning
                told = str(error) if isinstance(error, _Refused) else type(error).__name__
                log("record.witness_failed", witness=asked.witness.name, round=slug, error=told)
            known.failed = True
            return
        known.head = checkpoint.parse(note)
        known.at, known.size, known.failed = self._clock().timestamp(), known.head.size, False

    async def _line(self, client: httpx.AsyncClient, asked: Asked, known: _Known, slug: str, note: bytes) -> bytes:
        size = checkpoint.parse(note).size
        known.size = min(known.size, size)
        for _ in range(2):  # the second time from the size that the witness tells
            proof = await asyncio.to_thread(self._proof, slug, known.size, size)
            status, answer = await _call(client, asked.url, Submission(known.size, tuple(proof), note).body())
            if status == 200:
                return _valid_line(note, answer, asked)
            told = answer.removesuffix(b"\n")
            if status != 409 or not told.isdigit() or len(told) > 18:
                break
            if int(told) == known.size:
                raise _Contradicted(f"it has signed another record of {known.size} entries")
            if int(told) > size:
                raise _Contradicted(f"it has signed {int(told)} entries, here are {size}: was the database set back?")
            known.size = int(told)
        raise _Refused(f"answered {status}")

    def _proof(self, slug: str, old_size: int, size: int) -> list[bytes]:
        def read(tile: Tile) -> bytes:
            content = self._store.read_tile(slug, tile)
            if content is None:
                raise TileError(f"{tile.path} is missing")
            return content

        return TileTree(size, read).consistency_proof(old_size)


async def _call(client: httpx.AsyncClient, url: str, body: bytes) -> tuple[int, bytes]:
    """Return status and body of a call. Raises _Refused for an answer that is longer than any should be."""
    answer = b""
    headers = {"accept-encoding": "identity", "content-type": "application/octet-stream"}
    async with client.stream("POST", f"{url.rstrip('/')}/add-checkpoint", content=body, headers=headers) as response:
        async for chunk in response.aiter_raw():
            answer += chunk
            if len(answer) > _MOST_BYTES:
                raise _Refused("answered far too much")
    return response.status_code, answer


def _valid_line(note: bytes, answer: bytes, asked: Asked) -> bytes:
    """Return the line of an answer that the witness validly signed; all others are ignored."""
    for line in answer.splitlines(keepends=True):
        try:
            if cosigned_at(note + line, [asked.witness]):
                return line
        except CheckpointError:
            continue
    raise _Refused("answered without a valid cosignature")


def policy_of(path: Path | None) -> Policy | None:
    """Return the policy of the file that PB_WITNESSES names. Raises SettingsError."""
    if path is None:
        return None
    try:
        return Policy.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"PB_WITNESSES: {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"PB_WITNESSES: {path}: {error}") from error


def unwitnessed(store: TileStore, policy: Policy, clock: Clock) -> Check:
    """Records that no quorum of witnesses has signed for long."""

    async def look() -> Trouble | None:
        now = clock().timestamp()
        late = 0
        for slug in store.logs():
            note = await asyncio.to_thread(store.read, slug, "witnessed")
            at = quorum_time(note, policy.keys, policy.quorum) if note else None
            late += not slug.startswith(REHEARSAL) and (at is None or now - at > STALE.total_seconds())
        return Trouble(str(late)) if late else None

    return Check("witnesses", look, patience=FRESH)
