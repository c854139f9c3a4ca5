"""Tables of the stage opendata: what the checker said about the bundle that this service offers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, LargeBinary
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
