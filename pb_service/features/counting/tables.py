"""Tables of the stage counting: ballots in clear, and which files a contest was counted from and into."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base


class OpenBallots(Base):
    """The ballots of a contest in mode ``open``: canonical JSON of the sorted list, as it will be published."""

    __tablename__ = "open_ballots"

    contest_id: Mapped[UUID] = mapped_column(ForeignKey("contest.id"), primary_key=True)
    ballots: Mapped[bytes] = mapped_column(LargeBinary)


class ContestCount(Base):
    """The count of a contest: the two published files. Never updated: another count would be an amendment."""

    __tablename__ = "contest_count"

    contest_id: Mapped[UUID] = mapped_column(ForeignKey("contest.id"), primary_key=True)
    ballots_sha256: Mapped[bytes] = mapped_column(LargeBinary, ForeignKey("record_file.sha256"))
    outcome_sha256: Mapped[bytes] = mapped_column(LargeBinary, ForeignKey("record_file.sha256"))
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
