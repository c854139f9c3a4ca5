"""Tables of code letters: that a letter was made, for whom, and what became of it. No code is in them, nor a name.

A code is in the letter alone. What is kept of it is the public key that it stands for, in the roll (tables.py).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base, uuid7

#: Why a letter is void: somebody else has it, it was lost, it came back, its person is off the roll, or a new one was
#: made.
VOIDED = ("stolen", "lost", "returned", "removed", "reprinted")


class LetterBatch(Base):
    """Letters that were printed together. The PDF is not kept: it went to who asked for it, once."""

    __tablename__ = "letter_batch"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    size: Mapped[int]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (UniqueConstraint("round_id", "number"),)


class CodeLetter(Base):
    """A letter to one person of the roll. ``number`` is printed on it; of one person one letter is in force.

    ``returned_at``: it came back by mail. ``voided_at``: its code opens nothing any more, ``voided_why`` one of VOIDED.
    """

    __tablename__ = "code_letter"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("letter_batch.id", ondelete="CASCADE"), index=True)
    number: Mapped[int] = mapped_column(BigInteger)
    pseudonym: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(Text)
    returned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    voided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    voided_why: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("round_id", "number"),
        Index(
            "uq_code_letter_in_force",
            "round_id",
            "pseudonym",
            unique=True,
            postgresql_where=text("voided_at IS NULL"),
        ),
        CheckConstraint("octet_length(pseudonym) = 32", name="pseudonym"),
        CheckConstraint(f"voided_why IN ({', '.join(repr(why) for why in VOIDED)})", name="voided_why"),
        CheckConstraint("(voided_at IS NULL) = (voided_why IS NULL)", name="voided"),
    )


class CodeKey(Base):
    """The public key that a letter's code stands for in a group. It outlives imports of the roll; a letter has one a
    group of its person.
    """

    __tablename__ = "code_key"

    letter_id: Mapped[UUID] = mapped_column(ForeignKey("code_letter.id", ondelete="CASCADE"), primary_key=True)
    group: Mapped[str] = mapped_column("grp", Text, primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary, unique=True)

    __table_args__ = (CheckConstraint("octet_length(public_key) = 32", name="public_key"),)
