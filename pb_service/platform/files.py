"""Files that people upload: pictures and PDF. The row is in the database; the content on disk or in S3, by its hash.

A file is what its content says, whatever its name. Content is written before the row, in the caller's transaction's
shadow: if that fails, content without a row is left behind, and `sweep` clears it away after a day.
"""

import asyncio
import hashlib
import os
import re
import secrets
import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, LargeBinary, Text, delete, exists, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.clock import Clock
from pb_service.platform.db import Base, Database, uuid7
from pb_service.platform.errors import DomainError
from pb_service.platform.pictures import remake

MOST_PICTURE_BYTES = 15_000_000
MOST_PDF_BYTES = 20_000_000
_SCAN_SECONDS = 60
_GRACE = timedelta(days=1)


class FileRefused(DomainError):
    """A file that is not taken. ``code`` says why, for the reader's language."""

    status = 422
    type = "file-refused"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FileMissing(DomainError):
    """There is no such file."""

    status = 404
    type = "file-not-found"


class StoredFile(Base):
    """A file: what it is, and the SHA-256 of its content. ``alt``: the text in a picture's place, by language."""

    __tablename__ = "stored_file"
    __table_args__ = (
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint("kind <> 'picture' OR alt <> '{}'::jsonb", name="picture_has_alt"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    sha256: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    kind: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    alt: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Shelf(Protocol):
    """Where contents lie, by SHA-256. Blocking: called from threads."""

    def put(self, sha256: bytes, body: bytes) -> None: ...

    def get(self, sha256: bytes) -> bytes | None: ...

    def remove(self, sha256: bytes) -> None: ...

    def remove_older(self, sha256: bytes, moment: datetime) -> bool:
        """Remove what was put there before that moment; say whether it was."""

    def older_than(self, moment: datetime) -> list[bytes]:
        """Return what was put there before that moment."""


class FolderShelf:
    """Contents in a folder: ``ab/cdef…``, each there whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, sha256: bytes, body: bytes) -> None:
        path = self._path(sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        with beside.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def get(self, sha256: bytes) -> bytes | None:
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, sha256: bytes) -> None:
        self._path(sha256).unlink(missing_ok=True)

    def remove_older(self, sha256: bytes, moment: datetime) -> bool:
        path = self._path(sha256)
        old = path.exists() and path.stat().st_mtime < moment.timestamp()
        if old:
            path.unlink(missing_ok=True)
        return old

    def older_than(self, moment: datetime) -> list[bytes]:
        found = []
        for path in self.root.glob("??/*"):
            if path.stat().st_mtime < moment.timestamp():
                if path.name.startswith("."):
                    path.unlink(missing_ok=True)
                else:
                    found.append(bytes.fromhex(path.parent.name + path.name))
        return found

    def _path(self, sha256: bytes) -> Path:
        text = sha256.hex()
        return self.root / text[:2] / text[2:]


class BucketShelf:
    """Contents in a bucket of an S3-compatible store; credentials as its usual tools take them."""

    def __init__(self, url: str) -> None:
        """``url``: ``s3://bucket/prefix``, or ``s3+https://host/bucket/prefix`` for a store elsewhere than at AWS."""
        import boto3  # type: ignore[import-untyped]  # noqa: PLC0415 # an extra: only who uses a bucket needs it

        parts = urlsplit(url)
        if parts.scheme == "s3":
            endpoint, bucket, prefix = None, parts.netloc, parts.path
        else:
            endpoint = f"{parts.scheme.removeprefix('s3+')}://{parts.netloc}"
            bucket, _, prefix = parts.path.strip("/").partition("/")
        self._bucket, self._prefix = bucket, f"{prefix.strip('/')}/".lstrip("/")
        self._client = boto3.client("s3", endpoint_url=endpoint)

    def put(self, sha256: bytes, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self._key(sha256), Body=body)

    def get(self, sha256: bytes) -> bytes | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(sha256))
        except self._client.exceptions.NoSuchKey:
            return None
        body: bytes = answer["Body"].read()
        return body

    def remove(self, sha256: bytes) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=self._key(sha256))

    def remove_older(self, sha256: bytes, moment: datetime) -> bool:
        try:
            put_at: datetime = self._client.head_object(Bucket=self._bucket, Key=self._key(sha256))["LastModified"]
        except self._client.exceptions.ClientError:
            return False
        if put_at < moment:
            self.remove(sha256)
        return put_at < moment

    def older_than(self, moment: datetime) -> list[bytes]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        return [
            bytes.fromhex(item["Key"].removeprefix(self._prefix))
            for page in pages
            for item in page.get("Contents", [])
            if item["LastModified"] < moment
        ]

    def _key(self, sha256: bytes) -> str:
        return self._prefix + sha256.hex()


def shelf(url: str | None, folder: Path) -> Shelf:
    """Return the shelf of PB_FILES_URL: a bucket, or the folder of the data."""
    return BucketShelf(url) if url else FolderShelf(folder)


class FileStore:
    """Takes files in and gives them out. ``scan``: a command that reads a file and ends with 0 if it is harmless."""

    def __init__(self, where: Shelf, scan: str | None = None) -> None:
        self._shelf = where
        self._scan = shlex.split(scan) if scan else None

    async def store(
        self, session: AsyncSession, body: bytes, *, name: str, alt: Mapping[str, str], now: datetime
    ) -> StoredFile:
        """Keep a picture or a PDF and return its row. Raises FileRefused and PictureRefused.

        A picture needs ``alt``, its text in at least one language.
        """
        is_pdf = body.startswith(b"%PDF-")
        if len(body) > (MOST_PDF_BYTES if is_pdf else MOST_PICTURE_BYTES):
            raise FileRefused("too-long", "This file is too long.")
        if not is_pdf and not any(text.strip() for text in alt.values()):
            raise FileRefused("alt-missing", "A picture needs a text for those who cannot see it.")
        await self._examine(body)
        kept, media_type = body, "application/pdf"
        sides: tuple[int | None, int | None] = (None, None)
        if not is_pdf:
            picture = await asyncio.to_thread(remake, body)
            kept, media_type, sides = picture.body, picture.media_type, (picture.width, picture.height)
        sha256 = hashlib.sha256(kept).digest()
        await asyncio.to_thread(self._shelf.put, sha256, kept)
        row = StoredFile(
            sha256=sha256,
            kind="pdf" if is_pdf else "picture",
            media_type=media_type,
            name=safe_name(name, media_type),
            size=len(kept),
            width=sides[0],
            height=sides[1],
            alt={language: text.strip() for language, text in alt.items() if text.strip()},
            created_at=now,
        )
        session.add(row)
        await session.flush()
        return row

    async def open(self, session: AsyncSession, file_id: UUID) -> tuple[StoredFile, bytes]:
        """Return a file with its content. Raises FileMissing."""
        row = await session.get(StoredFile, file_id)
        body = await asyncio.to_thread(self._shelf.get, row.sha256) if row else None
        if row is None or body is None or hashlib.sha256(body).digest() != row.sha256:
            raise FileMissing("There is no such file.")
        return row, body

    async def erase(self, session: AsyncSession, file_id: UUID) -> None:
        """Remove the row; the content goes with the next `sweep` unless another file has the same."""
        await session.execute(delete(StoredFile).where(StoredFile.id == file_id))

    async def set_aside(self, body: bytes) -> str:
        """Keep what somebody only looks at so far, without a row, and return its SHA-256 in hexadecimal digits.

        It goes with the sweep, a day after it was set aside last. Raises FileRefused.
        """
        await self._examine(body)
        sha256 = hashlib.sha256(body).digest()
        await asyncio.to_thread(self._shelf.put, sha256, body)
        return sha256.hex()

    async def aside(self, name: str) -> bytes | None:
        """Return what was set aside under a SHA-256 in hexadecimal digits; None when it is there no more."""
        if not re.fullmatch(r"[0-9a-f]{64}", name):
            return None
        body = await asyncio.to_thread(self._shelf.get, bytes.fromhex(name))
        return body if body is not None and hashlib.sha256(body).hexdigest() == name else None

    async def sweep(self, session: AsyncSession, *, now: datetime) -> int:
        """Remove contents older than a day that no row names; return how many."""
        removed = 0
        for sha256 in await asyncio.to_thread(self._shelf.older_than, now - _GRACE):
            if not await session.scalar(select(exists().where(StoredFile.sha256 == sha256))):
                # Put there again meanwhile, by somebody whose row this transaction cannot see, it is young once more.
                removed += await asyncio.to_thread(self._shelf.remove_older, sha256, now - _GRACE)
        return removed

    async def _examine(self, body: bytes) -> None:
        """Give the file to the scanner. One that does not answer, or is not there, lets nothing pass."""
        if self._scan is None:
            return
        try:
            scanner = await asyncio.create_subprocess_exec(
                *self._scan,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise FileRefused("not-scanned", "Files cannot be taken just now: the scanner does not answer.") from error
        try:
            await asyncio.wait_for(scanner.communicate(body), _SCAN_SECONDS)
        except TimeoutError as error:
            scanner.kill()
            await scanner.wait()
            raise FileRefused("not-scanned", "Files cannot be taken just now: the scanner does not answer.") from error
        if scanner.returncode != 0:
            raise FileRefused("harmful", "The scanner says that this file may do harm.")


class Surroundings(Protocol):
    """What the job needs of the service."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def files(self) -> FileStore: ...


async def sweep(service: Surroundings, _payload: Mapping[str, Any]) -> None:
    """Clear away contents that no row names."""
    async with service.database.reading() as session:
        await service.files.sweep(session, now=service.clock())


SWEEP_JOB = "files.sweep"
HANDLERS = {SWEEP_JOB: sweep}
EVERY = ((SWEEP_JOB, timedelta(days=1)),)


def safe_name(name: str, media_type: str) -> str:
    """Return a name for downloads: the last part of a path, without signs that headers or systems take amiss."""
    ending = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}[media_type]
    last = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    kept = "".join(sign for sign in last if sign.isalnum() or sign in " -_").strip()[:80]
    return (kept or "file") + ending


def download_headers(row: StoredFile) -> dict[str, str]:
    """Return headers under which a file does nothing but show itself: a picture in the page, a PDF as a download."""
    manner = "inline" if row.kind == "picture" else "attachment"
    plain = row.name.encode("ascii", "replace").decode().replace("?", "_")
    quoted = "".join(
        f"%{byte:02X}" if byte > 127 or not chr(byte).isalnum() else chr(byte) for byte in row.name.encode()
    )
    return {
        "content-type": row.media_type,
        "content-disposition": f"{manner}; filename=\"{plain}\"; filename*=UTF-8''{quoted}",
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
