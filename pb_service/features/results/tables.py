"""Tables of the stage results: what is derived once after the count and can be made again at any time."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.core.tally.explain import Explanation
from pb_service.platform.db import Base


class ContestExplanation(Base):
    """Answers to "what if" and the comparison with another rule; no part of the outcome, never signed."""

    __tablename__ = "contest_explanation"

    contest_id: Mapped[UUID] = mapped_column(ForeignKey("contest.id"), primary_key=True)
    explanation: Mapped[Explanation] = mapped_column(JSONB)
