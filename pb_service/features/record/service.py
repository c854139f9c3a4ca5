"""Appending to the public record and keeping the files that its entries name. The caller's transaction is used."""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from pb_service.core.record import canonical, checkpoint, merkle
from pb_service.core.record.entries import parse
from pb_service.core.record.tiles import ENTRY_LIMIT
from pb_service.features.record import repository
from pb_service.features.record.errors import InvalidLogName, UnknownRecordFile
from pb_service.platform import changes

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
SALT_SIZE = 32
#: Entries without a time (a result has none) stand in a row of one for each contest at most.
_LOOKED_BACK = 100

#: How the name of a log begins whose acts are a rehearsal by staff, so that its origin says so everywhere.
REHEARSAL = "rehearsal-"


async def open_log(session: AsyncSession, slug: str, origin: str) -> UUID:
    """Return the id of the log at ``/pb/<slug>`` with that origin line, begun if it does not exist yet.

    Raises InvalidLogName when slug or origin cannot be used, or when the log exists with another origin.
    """
    if not SLUG.fullmatch(slug):
        raise InvalidLogName(f"{slug!r} cannot be an address: small letters, digits and hyphens, at most 64.")
    if not checkpoint.is_origin(origin):
        raise InvalidLogName(f"{origin!r} cannot be the origin of a record: no spaces and no plus sign.")
    log = await repository.insert_log(session, slug, origin)
    if log.origin != origin:
        raise InvalidLogName(f"The record {slug!r} exists with the origin {log.origin!r}; an origin never changes.")
    return log.id


async def origin_of(session: AsyncSession, log_id: UUID) -> str:
    """Return the origin line of a log."""
    return (await repository.get_log(session, log_id)).origin


async def append(session: AsyncSession, log_id: UUID, *entries: bytes) -> None:
    """Append entries to the log in this transaction. They have no index until the sequencer gives them one."""
    if too_long := [len(entry) for entry in entries if len(entry) > ENTRY_LIMIT]:
        raise ValueError(f"an entry has at most {ENTRY_LIMIT} bytes, found {too_long[0]}")
    if entries:
        await repository.insert_entries(session, log_id, [(entry, merkle.leaf_hash(entry)) for entry in entries])
        await changes.tell(session)  # whatever pages say of a round follows from its record, almost always


async def moment_of_act(session: AsyncSession, log_id: UUID, now: datetime) -> datetime:
    """Return when an act happens as the record tells it: now, or the time of the newest entry if that is later.

    The times of a record never run back, also when the clock was set back.
    """
    times = [parse(body).time for body in await repository.newest_bodies(session, log_id, _LOOKED_BACK)]
    return max([now, *(datetime.fromtimestamp(time, UTC) for time in times if time is not None)])


async def next_index(session: AsyncSession, log_id: UUID) -> int:
    """Return the index that the next entry of this transaction will have; others wait with theirs until it ends.

    For entries that state their own index. Call it before anything is appended in this transaction.
    """
    await repository.lock_log(session, log_id)
    return await repository.count_entries(session, log_id)


async def entries(session: AsyncSession, log_id: UUID, size: int | None = None) -> list[bytes]:
    """Return the first ``size`` entries of the log, by default all that have an index."""
    if size is None:
        size = (await repository.get_log(session, log_id)).size
    return [body async for batch in repository.indexed_entries(session, log_id, 0, size) for body, _ in batch]


async def entries_from(session: AsyncSession, log_id: UUID, start: int, *, waiting: bool = False) -> list[bytes]:
    """Return the entries from place ``start`` on; with ``waiting`` also those that have no index yet, in their order.

    The places of waiting entries are certain only after ``next_index`` has kept others from adding to them.
    """
    size = (await repository.get_log(session, log_id)).size
    found = [body async for batch in repository.indexed_entries(session, log_id, start, size) for body, _ in batch]
    if waiting:
        rest = await repository.waiting_entries(session, log_id)
        found += [entry.body for entry in rest[max(start - size, 0) :]]
    return found


async def erase_rehearsal_log(session: AsyncSession, log_id: UUID) -> None:
    """Delete the log of a rehearsal with its entries and the salted files that they name.

    Raises InvalidLogName for every other log: a record that counts is only ever added to.
    """
    log = await repository.get_log(session, log_id)
    if not log.slug.startswith(REHEARSAL):
        raise InvalidLogName(f"{log.slug!r} is no rehearsal: its record stays.")
    await repository.lock_log(session, log_id)
    bodies = await repository.all_bodies(session, log_id)
    hashes = [canonical.unb64u(fields["h"]) for fields in map(canonical.decode, bodies) if "h" in fields]
    await repository.delete_log(session, log_id, hashes)


async def put_file(session: AsyncSession, body: bytes, *, kind: str, at: datetime) -> bytes:
    """Keep a file and return its SHA-256, by which entries name it. ``kind`` says what it is, such as ``manifest``."""
    sha256 = hashlib.sha256(body).digest()
    await repository.insert_file(session, sha256, body, kind, at)
    return sha256


async def get_file(session: AsyncSession, sha256: bytes) -> bytes:
    """Return the file of that SHA-256. Raises UnknownRecordFile if it is not kept."""
    body = await repository.file_body(session, sha256)
    if body is None:
        raise UnknownRecordFile("No file with this hash is kept.")
    return body


async def erase_file(session: AsyncSession, sha256: bytes) -> None:
    """Let go of a salted file that should not have been public; entries name its hash for ever."""
    await repository.erase_file(session, sha256)


async def salted_file(
    session: AsyncSession,
    content: Mapping[str, Any],
    *,
    kind: str,
    at: datetime,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Keep what an act was about and return the SHA-256 for its entry.

    The file is canonical JSON {``v``: 1, ``k``: kind, ``salt``, ``content``}. Without the salt nobody could tell from
    the hash what the file said, so erasing the file erases the content.
    """
    return await put_file(session, _salted(content, kind, random), kind=kind, at=at)


async def salted_files(
    session: AsyncSession, contents: Sequence[Mapping[str, Any]], *, kind: str, at: datetime
) -> list[bytes]:
    """As `salted_file`, for many acts of one kind at one moment: the hashes in the order of the contents."""
    bodies = [_salted(content, kind, secrets.token_bytes) for content in contents]
    files = [(hashlib.sha256(body).digest(), body) for body in bodies]
    if files:
        await repository.insert_files(session, files, kind, at)
    return [sha256 for sha256, _ in files]


def _salted(content: Mapping[str, Any], kind: str, random: Callable[[int], bytes]) -> bytes:
    salt = canonical.b64u(random(SALT_SIZE))
    return canonical.encode({"v": 1, "k": kind, "salt": salt, "content": content})
