"""Tables of the stage opening: how far a round is on its way to an open vote, and who confirmed its manifest."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base


class Opening(Base):
    """The opening of a round's vote. What the record holds of it, the record says; here is what it does not.

    ``manifest`` is the draft that people are asked to confirm, until its hash is logged. ``strikes`` in seconds;
    ``lot`` the text of a public draw, where the rule asks for one; ``rehearsal`` what the trustees' rehearsal said.
    """

    __tablename__ = "opening"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    registrar_key: Mapped[bytes] = mapped_column(LargeBinary)
    grace: Mapped[int]
    strikes: Mapped[int]
    lot: Mapped[str | None] = mapped_column(Text)
    begun_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    manifest: Mapped[bytes | None] = mapped_column(LargeBinary)
    manifest_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rehearsal: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("octet_length(registrar_key) = 32", name="registrar_key"),
        CheckConstraint("grace >= 0 AND strikes >= 0", name="seconds"),
    )


class ManifestSignature(Base):
    """The signature of one person under a draft of the manifest; one a role. Gone when the draft is made anew."""

    __tablename__ = "manifest_signature"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("opening.round_id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    eid: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("role IN ('registrar', 'auditor')", name="role"),
        CheckConstraint("octet_length(signature) = 64", name="signature"),
    )
