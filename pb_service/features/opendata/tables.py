"""Tables of the stage opendata: what the checker said about bundles, and what evidence auditors were given."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base, uuid7


class Verification(Base):
    """One run of pb-verify over a round's bundle, as its JSON report."""

    __tablename__ = "verification"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), index=True)
    bundle_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    bundle_size: Mapped[int]
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
    verified_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class EvidenceExport(Base):
    """Evidence that an auditor asked for and a registrar allowed: what and until when, never the evidence itself."""

    __tablename__ = "evidence_export"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    seed: Mapped[str] = mapped_column(Text)
    sample: Mapped[int]
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    allowed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    allowed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("asked_by <> allowed_by", name="two_people"),
        Index("ix_evidence_export_round_id", "round_id", "asked_at"),
    )
