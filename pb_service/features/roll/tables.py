"""Tables of the stage roll: who may vote in a round, and how the list of them came to be.

No number by which a person is known elsewhere stands here in clear. A row of the roll has the keyed pseudonym, which
finds a person whose number is at hand, and the alias, which stands in the public record; the numbers themselves are
kept sealed for auditors (docs/roll.md), and a file that was handed in is kept sealed until it is read.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.features.accounts.two_people import RoleSignature
from pb_service.features.roll import letter_tables as letter_tables  # noqa: PLC0414 - registers them with these
from pb_service.platform.db import Base, uuid7

#: States of an import. Of one round one is ``current``: it is the roll.
BATCH_STATES = ("uploaded", "waiting", "reading", "read", "failed", "dropped", "current", "replaced")


class Roll(Base):
    """The roll of a round. ``batch_id`` is the import whose records are the roll, None before there is one.

    ``scheme``: whose numbers its people are known by (accounts/drivers.py). ``fixed_at``: roots and counts are made of
    it, to be signed; any change of it before that makes them anew. ``fixing_since``: they are being made, for
    ``fixing_by``, to so many hundredths. ``erased_at``: it is gone.
    """

    __tablename__ = "roll"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    scheme: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("roll_batch.id", ondelete="SET NULL"))
    fixed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    fixing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    fixing_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    fixing_percent: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RollBatch(Base):
    """One import: a file that was handed in, how it is read, what is in it, and how it differs from the roll.

    ``based_on`` is the import that it was compared with. ``kind`` csv, fixed or xlsx. ``reading`` says which columns
    hold what; ``counts`` rows, good, bad, repeated, people, added, gone, changed, same; ``problems`` row numbers with
    codes, no content. ``done`` of ``size`` bytes were read.
    """

    __tablename__ = "roll_batch"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    scheme: Mapped[str] = mapped_column(Text)
    shape: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reading: Mapped[dict[str, Any]] = mapped_column(JSONB)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    problems: Mapped[list[Any]] = mapped_column(JSONB)
    based_on: Mapped[UUID | None] = mapped_column(ForeignKey("roll_batch.id", ondelete="SET NULL"))
    uploaded_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    uploaded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in BATCH_STATES)})", name="state"),
        CheckConstraint("kind IN ('csv', 'fixed', 'xlsx')", name="kind"),
        Index("ix_roll_batch_round_id", "round_id", "uploaded_at"),
        Index("ix_roll_batch_based_on", "based_on"),
        Index("uq_roll_batch_current", "round_id", unique=True, postgresql_where=text("state = 'current'")),
    )


class RollUploadPart(Base):
    """A piece of a file that was handed in, sealed with a key outside the database; gone when the file is read."""

    __tablename__ = "roll_upload_part"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("roll_batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class RollRecord(Base):
    """One person in one group of contests: one row, whatever the file said.

    ``line`` is its row in the file, by which a report names it. ``code_key`` is the public key of a code letter.
    ``birth_year`` is for counts of ages alone.
    ``late``: added to an open vote, entitled from ``late_at`` on, when its entry was logged. ``removed_at``: taken off
    an open vote's roll by a notice; the alias stays in the record.
    """

    __tablename__ = "roll_record"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("roll_batch.id", ondelete="CASCADE"), primary_key=True)
    group: Mapped[str] = mapped_column("grp", Text, primary_key=True)
    pseudonym: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    alias: Mapped[bytes] = mapped_column(LargeBinary)
    code_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    district: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    line: Mapped[int | None]
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    late: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    late_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("batch_id", "grp", "alias"),
        Index(
            "uq_roll_record_code_key",
            "batch_id",
            "grp",
            "code_key",
            unique=True,
            postgresql_where=text("code_key IS NOT NULL"),
        ),
        CheckConstraint(
            "octet_length(pseudonym) = 32 AND octet_length(alias) = 32 AND octet_length(code_key) = 32", name="sizes"
        ),
        CheckConstraint("late OR late_at IS NULL", name="late"),
    )


class RollSealed(Base):
    """Person ids of a part of an import, sealed to the evidence key: what auditors map aliases to people with."""

    __tablename__ = "roll_sealed"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("roll_batch.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class RollRoot(Base):
    """Tree hash and count of a group's roll as it was fixed, and the file of it (docs/protocol.md section 6)."""

    __tablename__ = "roll_root"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("roll.round_id", ondelete="CASCADE"), primary_key=True)
    group: Mapped[str] = mapped_column("grp", Text, primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    count: Mapped[int]
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        CheckConstraint("octet_length(root) = 32 AND octet_length(file_sha256) = 32", name="hashes"),
        CheckConstraint("count >= 0", name="count"),
    )


class RollSignature(RoleSignature, Base):
    """One person's signature under the fixed roots; one a role. Gone when the roll changes."""

    __tablename__ = "roll_signature"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("roll.round_id", ondelete="CASCADE"), primary_key=True)


class RollRequest(Base):
    """A resident's request to correct the roll. ``wanted``: missing (I should be on it) or wrong (what it says of me).

    ``answer`` is told to the resident; without one it waits for staff.
    """

    __tablename__ = "roll_request"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    wanted: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("wanted IN ('missing', 'wrong')", name="wanted"),
        CheckConstraint("outcome IN ('corrected', 'right', 'refused')", name="outcome"),
        CheckConstraint("(outcome IS NULL) = (answered_at IS NULL)", name="answered"),
        Index("ix_roll_request_round_id", "round_id", "asked_at"),
        Index(
            "uq_roll_request_waiting",
            "round_id",
            "account_id",
            unique=True,
            postgresql_where=text("outcome IS NULL"),
        ),
    )


class RollDeclaration(Base):
    """That somebody declared to meet a round's rule, where no roll says who does. Never public, counted alone.

    ``ground`` is the one that was declared. What was typed to check it, such as a date of birth, is not kept.
    """

    __tablename__ = "roll_declaration"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    ground: Mapped[str] = mapped_column(Text)
    declared_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("ground IN ('residence', 'school', 'anyone')", name="ground"),)


class RollChange(Base):
    """Somebody to be added to the roll of an open vote, in one group: ``entry`` is what registrar and auditor sign.

    ``reason`` by language, for those who sign. It is logged when both have signed.
    """

    __tablename__ = "roll_change"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    group: Mapped[str] = mapped_column("grp", Text)
    alias: Mapped[bytes] = mapped_column(LargeBinary)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[dict[str, str]] = mapped_column(JSONB)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    logged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    dropped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("logged_at IS NULL OR dropped_at IS NULL", name="logged_or_dropped"),
        Index("ix_roll_change_round_id", "round_id", "asked_at"),
    )


class RollChangeSignature(RoleSignature, Base):
    """One person's signature under a late addition; one a role."""

    __tablename__ = "roll_change_signature"

    change_id: Mapped[UUID] = mapped_column(ForeignKey("roll_change.id", ondelete="CASCADE"), primary_key=True)
