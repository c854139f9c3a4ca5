"""Tables of the stage voting: what is known of envelopes and paper ballots beside their entries in the record.

The record says what was cast; these rows find it by alias, point and seal, so that the door can decide at once. None
of them counts anything, and none knows a person.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base


class CastEnvelope(Base):
    """An envelope that was taken. ``seal_hash`` tells it from every other; ``struck_at``: it counts no more."""

    __tablename__ = "cast_envelope"

    entry_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("record_entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id", ondelete="CASCADE"))
    group: Mapped[str] = mapped_column("grp", Text)
    alias: Mapped[bytes] = mapped_column(LargeBinary)
    seal_hash: Mapped[bytes] = mapped_column(LargeBinary)
    cls: Mapped[str] = mapped_column(Text)
    rank: Mapped[int] = mapped_column(SmallInteger)
    contest: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    struck_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("uq_cast_envelope_seal", "log_id", "seal_hash", unique=True),
        Index("ix_cast_envelope_alias", "log_id", "grp", "alias"),
        CheckConstraint("octet_length(alias) = 32 AND octet_length(seal_hash) = 32", name="hashes"),
    )


class EnvelopePoint(Base):
    """A first point of a pair of some envelope: none may occur again in the record (docs/protocol.md section 6, d)."""

    __tablename__ = "envelope_point"

    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id", ondelete="CASCADE"), primary_key=True)
    point: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class PaperHandout(Base):
    """A paper ballot that was handed out: paper wins over every envelope of the same person."""

    __tablename__ = "paper_handout"

    entry_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("record_entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id", ondelete="CASCADE"))
    group: Mapped[str] = mapped_column("grp", Text)
    alias: Mapped[bytes] = mapped_column(LargeBinary)
    contest: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    struck_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index(
            "uq_paper_handout_standing",
            "log_id",
            "grp",
            "alias",
            unique=True,
            postgresql_where=text("struck_at IS NULL"),
        ),
    )
