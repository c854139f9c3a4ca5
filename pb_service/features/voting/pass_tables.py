"""Tables of voters who are not known by an account: how they are known for a while, and evidence of their sign-ins."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.platform.db import Base


class BoothPass(Base):
    """Somebody who was identified for one vote, by a code letter, a provider or at a desk, in the browser whose cookie
    has this hash.

    ``aliases`` by group, as base64url; None while a sign-in is under way, empty if the person may not vote.

    Of a sign-in: ``session_key`` the voter's public key of this window, ``nonce`` that the token must have; ``blind``
    until the token is there, then ``token_hash``, and both ``blind`` and token in ``evidence``, sealed to the auditors.
    Of a code: ``keys``, the public keys by group. Of a desk: ``begun_by``, the officer who looked the person up; until
    the code that she gave is typed, the hash is that of the code.
    """

    __tablename__ = "booth_pass"

    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), index=True)
    cls: Mapped[str] = mapped_column(Text)
    aliases: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    keys: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    session_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    nonce: Mapped[str | None] = mapped_column(Text, unique=True)
    blind: Mapped[bytes | None] = mapped_column(LargeBinary)
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    evidence: Mapped[bytes | None] = mapped_column(LargeBinary)
    begun_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)

    __table_args__ = (
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint("cls IN ('idt', 'code', 'desk')", name="cls"),
        CheckConstraint("(cls = 'idt') = (session_key IS NOT NULL AND nonce IS NOT NULL)", name="idt"),
        CheckConstraint("(cls = 'code') = (keys IS NOT NULL)", name="code"),
    )


class CastEvidence(Base):
    """The sign-in behind an envelope of class idt, sealed to the auditors' key (core/sealing/evidence.py)."""

    __tablename__ = "cast_evidence"

    entry_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("record_entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
