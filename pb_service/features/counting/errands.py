"""Errand files of trustees outside, and the answers that they bring back.

An errand holds the published record, its newest head and the files that the trustee's tool asks for; the tool checks
all of it. An answer is a list of pieces in the tool's order: entries, messages of a rehearsal, and the files they name.
"""

import hashlib
import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import checkpoint, entries
from pb_service.core.record.canonical import unb64u
from pb_service.core.record.tiles import log_files
from pb_service.core.rounds.bundle import zip_stored
from pb_service.features.counting.errors import AnswerRefused
from pb_service.features.opening import repository as openings
from pb_service.features.opening.state import state_of
from pb_service.features.opening.trustees import message_files
from pb_service.features.record import service as record
from pb_service.features.record.store import TileStore
from pb_service.features.rounds.tables import Round

#: The largest answer: mixes of 100,000 ballots of a few blocks.
MOST_BYTES = 256_000_000
_MOST_PIECES = 3_000
_KINDS = frozenset({"entry", "file", "rehearsal"})


@dataclass(frozen=True)
class Answer:
    """What a trustee brought: messages and entries in their order, and files by SHA-256."""

    messages: tuple[bytes, ...]
    files: Mapping[bytes, bytes]


async def errand_file(session: AsyncSession, found: Round, tiles: TileStore) -> bytes:
    """Return the errand of a round's trustees as of the newest head. Raises AnswerRefused before the first."""
    published = tiles.read(found.slug, "checkpoint")
    if published is None:
        raise AnswerRefused("unpublished", "The record has not been published yet.")
    head = checkpoint.parse(published)
    bodies = await record.entries(session, found.log, head.size)
    members: dict[str, bytes] = {"checkpoint": published}
    witnessed = tiles.read(found.slug, "witnessed")
    if witnessed is not None and (size := checkpoint.parse(witnessed).size) <= head.size:
        members |= {"witnessed": witnessed, **log_files(bodies[:size])}
    members |= log_files(bodies)
    state = await state_of(session, found.log)
    files = dict(state.files)
    for sha256 in _named(bodies):
        files[sha256] = await record.get_file(session, sha256)
    if state.election.manifest is not None and not state.election.opened:
        messages = await openings.rehearsal_messages(session, found.id)
        members["rehearsal"] = b"".join(message + b"\n" for message in messages)
        for message in messages:
            files |= await message_files(session, message)
    members |= {f"file/{sha256.hex()}": body for sha256, body in files.items()}
    return zip_stored(members | {f"roll/{group}": roll for group, roll in state.rolls.items()})


def read_answer(body: bytes) -> Answer:
    """Return the pieces of an answer. Raises AnswerRefused for a file that is none. Blocking."""
    try:
        with ZipFile(io.BytesIO(body)) as file:
            members = sorted(file.infolist(), key=lambda member: member.filename)
            if any(member.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for member in members):
                raise AnswerRefused("form", "This is not the answer that `pb trustee` wrote.")
            if len(members) > _MOST_PIECES or sum(member.file_size for member in members) > MOST_BYTES:
                raise AnswerRefused("large", "This is longer than any answer.")
            pieces = [(member.filename.partition("-")[2], file.read(member)) for member in members]
    except (BadZipFile, EOFError, OSError, RuntimeError, ValueError, zlib.error) as error:
        raise AnswerRefused("form", "This is not the answer that `pb trustee` wrote.") from error
    if not pieces or any(kind not in _KINDS for kind, _ in pieces):
        raise AnswerRefused("form", "This is not the answer that `pb trustee` wrote.")
    return Answer(
        tuple(piece for kind, piece in pieces if kind != "file"),
        {hashlib.sha256(piece).digest(): piece for kind, piece in pieces if kind == "file"},
    )


def _named(bodies: Sequence[bytes]) -> list[bytes]:
    """The files of mixes of contests that have no result yet, which every trustee checks."""
    found: list[tuple[str, bytes]] = []
    done: set[str] = set()
    for body in bodies:
        if b'"k":"mix"' in body or b'"k":"result"' in body:
            entry = entries.parse(body)
            if entry.kind == "mix":
                found += [(entry.fields["d"], unb64u(entry.fields[name])) for name in ("out", "pf")]
            elif entry.kind == "result":
                done.add(entry.fields["d"])
    return [sha256 for contest, sha256 in found if contest not in done]
