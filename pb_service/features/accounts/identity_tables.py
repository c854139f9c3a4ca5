"""Tables of identity: proven identities, sign-ins under way, tokens of machines, signing keys of people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.features.accounts.policy import Act, Role
from pb_service.platform.db import Base, uuid7


class ProvenIdentity(Base):
    """A person as a provider knows them, by pseudonym (drivers.py says what is kept of them and why no more).

    One account may hold several, such as a bank's and a school's; an identity belongs to one account. ``key_id`` names
    the key of the pseudonym (platform/keys.py); None stands for the oldest, of rows from before keys had names.
    ``person`` is what rolls know the person by (drivers.py), None of who has not come back since there are rolls.
    """

    __tablename__ = "proven_identity"

    pseudonym: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    key_id: Mapped[str | None] = mapped_column(Text)
    person: Mapped[bytes | None] = mapped_column(LargeBinary)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    driver: Mapped[str] = mapped_column(Text)
    assurance: Mapped[str] = mapped_column(Text)
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    municipality: Mapped[str | None] = mapped_column(Text)
    postal_code: Mapped[str | None] = mapped_column(Text)
    proven_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("octet_length(pseudonym) = 32", name="pseudonym"),
        CheckConstraint("assurance IN ('low', 'substantial', 'high')", name="assurance"),
    )


class SigninAttempt(Base):
    """A browser that was sent to a provider and has not come back yet, for ten minutes and one return at most.

    ``account_id``, with the purpose ``join`` alone: whose account the identity shall be joined to. ``state_sha256`` and
    ``browser_sha256`` are hashes: what is here does not let a reader of the table come back in the person's place.
    """

    __tablename__ = "signin_attempt"

    state_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    browser_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    driver: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    nonce: Mapped[str] = mapped_column(Text)
    next_path: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)

    __table_args__ = (
        CheckConstraint("octet_length(state_sha256) = 32", name="state_sha256"),
        CheckConstraint("octet_length(browser_sha256) = 32", name="browser_sha256"),
        CheckConstraint("purpose IN ('sign-in', 'vote', 'join')", name="purpose"),
        CheckConstraint("(purpose = 'join') = (account_id IS NOT NULL)", name="join_has_account"),
    )


class SessionDriver(Base):
    """By which provider a session began, so that signing out can offer to end the session there too."""

    __tablename__ = "account_session_driver"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("account_session.id", ondelete="CASCADE"), primary_key=True)
    driver: Mapped[str] = mapped_column(Text)


class ApiToken(Base):
    """A token of a machine, by its id; the token itself is not kept. It can never do more than its owner may.

    ``round_ids`` are the rounds it reaches, None all of them.
    """

    __tablename__ = "api_token"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    acts: Mapped[list[Act]] = mapped_column(ARRAY(Text))
    round_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("cardinality(acts) > 0", name="acts"),
        CheckConstraint("expires_at <= created_at + interval '90 days'", name="short_lived"),
    )


class SigningKey(Base):
    """The public half of a person's signing key; the private half never leaves their device or file.

    The row outlives the account, without it: entries of the record name the key.
    """

    __tablename__ = "signing_key"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str] = mapped_column(Text)
    kept_in: Mapped[str] = mapped_column(Text)
    enrolled_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_why: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("octet_length(public_key) = 32", name="public_key"),
        CheckConstraint("kept_in IN ('browser', 'file')", name="kept_in"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_why IS NULL)", name="revocation_has_reason"),
    )


class KeyGrant(Base):
    """What a key may sign: a role in a round, in one district or all, from a moment on until it is revoked.

    Each row and each revocation has its entry in the round's record.
    """

    __tablename__ = "key_grant"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    key_id: Mapped[UUID] = mapped_column(ForeignKey("signing_key.id"))
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"), index=True)
    log_id: Mapped[UUID] = mapped_column(ForeignKey("record_log.id"))
    role: Mapped[Role] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(Text)
    from_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index(
            "uq_key_grant_in_force",
            "key_id",
            "round_id",
            "role",
            "district",
            unique=True,
            postgresql_where="revoked_at IS NULL",
            postgresql_nulls_not_distinct=True,
        ),
    )
