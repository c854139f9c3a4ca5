"""Alarms: what is wrong and stays wrong is told to the operators once, and once more when it has ended."""

from datetime import datetime

from sqlalchemy import DateTime
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base


class Alarm(Base):
    """Something that is wrong now, by the name of the check; ``mark`` is what exactly, ``told_at`` when it was told."""

    __tablename__ = "alarm"

    name: Mapped[str] = mapped_column(primary_key=True)
    mark: Mapped[str]
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
