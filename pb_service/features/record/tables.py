"""The tables of the public record. Entries and files are only ever added; an entry gains its index once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.core.record.merkle import EMPTY_ROOT
from pb_service.platform.db import Base, uuid7


class Log(Base):
    """One append-only log per round, and its committed head: how many entries have an index, and the root over them."""

    __tablename__ = "record_log"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,63}$'", name="slug"),
        CheckConstraint("size >= 0", name="size"),
        CheckConstraint("octet_length(root) = 32", name="root"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    slug: Mapped[str] = mapped_column(unique=True)
    origin: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    root: Mapped[bytes] = mapped_column(LargeBinary, default=EMPTY_ROOT)


class LogEntry(Base):
    """An entry. It waits without an index until the sequencer gives it the next one, in the order of ``id``."""

    __tablename__ = "record_entry"
    __table_args__ = (
        UniqueConstraint("log_id", "idx"),
        CheckConstraint("idx >= 0", name="idx"),
        CheckConstraint("octet_length(body) <= 65535", name="body"),
        CheckConstraint("octet_length(leaf_hash) = 32", name="leaf_hash"),
        Index("ix_record_entry_waiting", "log_id", "id", postgresql_where="idx IS NULL"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id"))
    idx: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class RecordFile(Base):
    """A file that an entry names by its SHA-256: manifests, lists, ballots, outcomes, and the salted files of acts."""

    __tablename__ = "record_file"
    __table_args__ = (CheckConstraint("octet_length(sha256) = 32", name="sha256"),)

    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
