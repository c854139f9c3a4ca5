"""Tables of the stage voting: what is known of envelopes and paper ballots beside their entries in the record.

The record says what was cast; these rows find it by alias, point and seal, so that the door can decide at once. None
of them counts anything, and none knows a person.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.features.voting import pass_tables as pass_tables  # noqa: PLC0414 - registers them, as do others
from pb_service.platform.db import Base, uuid7


class CastEnvelope(Base):
    """An envelope that was taken. ``seal_hash`` tells it from every other; ``struck_at``: it counts no more.

    ``address_key`` (an HMAC of the network address with a key of the round) and ``account_days`` (how old the account
    was, 30 for all older ones) are for people who look for bursts after the vote; they are erased some days later.
    """

    __tablename__ = "cast_envelope"

    entry_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("record_entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id", ondelete="CASCADE"))
    group: Mapped[str] = mapped_column("grp", Text)
    alias: Mapped[bytes] = mapped_column(LargeBinary)
    seal_hash: Mapped[bytes] = mapped_column(LargeBinary)
    cls: Mapped[str] = mapped_column(Text)
    rank: Mapped[int] = mapped_column(SmallInteger)
    contest: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    struck_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    address_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    account_days: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (
        Index("uq_cast_envelope_seal", "log_id", "seal_hash", unique=True),
        Index("ix_cast_envelope_alias", "log_id", "grp", "alias"),
        CheckConstraint("octet_length(alias) = 32 AND octet_length(seal_hash) = 32", name="hashes"),
    )


class EnvelopePoint(Base):
    """A first point of a pair of some envelope: none may occur again in the record (docs/protocol.md section 6, d)."""

    __tablename__ = "envelope_point"

    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id", ondelete="CASCADE"), primary_key=True)
    point: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class PaperHandout(Base):
    """A paper ballot that was handed out: paper wins over every envelope of the same person. ``no`` is its box."""

    __tablename__ = "paper_handout"

    entry_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("record_entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id", ondelete="CASCADE"))
    group: Mapped[str] = mapped_column("grp", Text)
    alias: Mapped[bytes] = mapped_column(LargeBinary)
    contest: Mapped[str] = mapped_column(Text)
    no: Mapped[str] = mapped_column(Text, server_default="")
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    struck_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index(
            "uq_paper_handout_standing",
            "log_id",
            "grp",
            "alias",
            unique=True,
            postgresql_where=text("struck_at IS NULL"),
        ),
    )


class CastNotice(Base):
    """That somebody is to be told by mail of a ballot in their name: once an hour for a contest, nothing of choices.

    Gone an hour after the mail was written: it says who voted, which nobody else need know.
    """

    __tablename__ = "cast_notice"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id", ondelete="CASCADE"), primary_key=True)
    contest: Mapped[str] = mapped_column(Text, primary_key=True)
    cast_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_cast_notice_waiting", "cast_at", postgresql_where=text("sent_at IS NULL")),)


class VoteReminder(Base):
    """That somebody asked to be reminded by mail before the vote ends. Gone when it was sent, or not needed."""

    __tablename__ = "vote_reminder"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class BoothVisit(Base):
    """How often a page of the booth was shown on a day (UTC), by step and language. It knows nobody."""

    __tablename__ = "booth_visit"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[str] = mapped_column(Text, primary_key=True)
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    shown: Mapped[int] = mapped_column(BigInteger)


class VoteOrder(Base):
    """A step of a vote that several people sign: a strike, more time, a key, a paper ballot, a list of counted ones,
    an envelope sealed at a desk.

    ``entry`` is what they sign, ``reason`` (none at the desk) by language, for the record's file and for who is
    concerned. It is logged when all have signed.
    """

    __tablename__ = "vote_order"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[dict[str, str]] = mapped_column(JSONB)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    logged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    dropped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("kind IN ('strike', 'extend', 'key', 'paper', 'paperlist', 'env')", name="kind"),
        CheckConstraint("logged_at IS NULL OR dropped_at IS NULL", name="logged_or_dropped"),
        Index("ix_vote_order_round_id", "round_id", "asked_at"),
    )


class OrderSignature(Base):
    """One person's signature under an order, in a role."""

    __tablename__ = "vote_order_signature"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("vote_order.id", ondelete="CASCADE"), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("octet_length(signature) = 64", name="signature"),)


class StrikeReview(Base):
    """That a voter asks for a second look at a strike in her name, and what staff answered. It knows no person."""

    __tablename__ = "strike_review"

    entry_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("record_entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
        Index("ix_strike_review_round_id", "round_id", "asked_at"),
    )
