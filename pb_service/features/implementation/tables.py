"""Tables of the stage implementation: each funded project that somebody has worked on, and its history."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.core.implementation.history import ActKind
from pb_service.platform.db import Base, uuid7


class Implementation(Base):
    """A funded project from the first act on it. ``version`` is the number of its newest act.

    ``unit_id`` is the unit that answers for it, for asking who may work on it; its history says the same in words.
    """

    __tablename__ = "implementation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    contest: Mapped[str] = mapped_column(Text)
    project: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))

    __table_args__ = (
        UniqueConstraint("round_id", "contest", "project"),
        CheckConstraint("version >= 0", name="version_counts"),
    )


class ImplementationAct(Base):
    """A line of a project's history. Rows are only added; a trigger refuses anything else but erasing the texts once.

    ``body`` is the published document (core/implementation/history.py), ``sha256`` its hash, which the next one holds;
    ``is_recorded``: an entry of the round's record names it too. ``is_erased``: its texts were taken out of ``body``.
    """

    __tablename__ = "implementation_act"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    implementation_id: Mapped[UUID] = mapped_column(ForeignKey("implementation.id", ondelete="CASCADE"))
    number: Mapped[int]
    kind: Mapped[ActKind] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    is_recorded: Mapped[bool]
    is_erased: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id", ondelete="SET NULL"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    once: Mapped[UUID | None] = mapped_column(unique=True)

    __table_args__ = (
        UniqueConstraint("implementation_id", "number"),
        CheckConstraint("number > 0", name="number_counts"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    )
