"""Tables of the stage site: what people tell us of the service's accessibility."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base, uuid7


class Feedback(Base):
    """Accessibility feedback, to be answered within fourteen days. Without an address there is nobody to write to, and
    the answer is a note of what was done.
    """

    __tablename__ = "feedback"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    once: Mapped[UUID] = mapped_column(unique=True)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    language: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    page: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))

    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_has_answer"),
        CheckConstraint("language IN ('fi', 'sv', 'en')", name="language"),
        Index("ix_feedback_waiting", "received_at", postgresql_where=text("answered_at IS NULL")),
    )
