"""Tables of the stage opening: how far a round is on its way to an open vote, and who confirmed its manifest."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.features.accounts.two_people import RoleSignature
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


class ManifestSignature(RoleSignature, Base):
    """The signature of one person under a draft of the manifest; one a role. Gone when the draft is made anew."""

    __tablename__ = "manifest_signature"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("opening.round_id", ondelete="CASCADE"), primary_key=True)
    eid: Mapped[bytes] = mapped_column(LargeBinary)


class TrusteeSeat(Base):
    """Who holds a part of the key with the offline tool; a trustee without a row, or without an account, has hers here.

    ``public_key`` is what `pb trustee new` showed. ``lost_at``: the count goes on without her from then on.
    """

    __tablename__ = "trustee_seat"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    keyed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lost_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("round_id", "account_id"),
        CheckConstraint("octet_length(public_key) = 32", name="public_key"),
        CheckConstraint("number BETWEEN 1 AND 15", name="number"),
    )


class CeremonyStep(Base):
    """A message of a ceremony or a rehearsal as pages show it: taken, or refused and why. Rows are only added."""

    __tablename__ = "ceremony_step"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    trustee: Mapped[int]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    is_refused: Mapped[bool]
    why: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("ix_ceremony_step_round_id", "round_id", "id"),)


class RehearsalMessage(Base):
    """A message of the trustees' rehearsal, in its order (docs/protocol.md section 17). No part of the record."""

    __tablename__ = "rehearsal_message"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
