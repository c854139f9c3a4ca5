"""The tables of accounts: people, their sessions, tokens sent by mail, roles, and the log of access.

Stages that add tables of their own to this room keep them in files beside this one and import them here, so that
Alembic finds them.
"""

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
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from pb_service.features.accounts import identity_tables as identity_tables  # noqa: PLC0414 - see above
from pb_service.features.accounts import staff_tables as staff_tables  # noqa: PLC0414 - see above
from pb_service.features.accounts.policy import ROLES, Role
from pb_service.platform.db import Base, uuid7

#: What a session is for: it decides how long it lasts.
SESSION_KINDS = ("resident", "staff", "kiosk")


class Account(Base):
    """A person who can sign in. ``email`` is as typed, ``email_key`` what makes it the same address as another.

    Both are empty for who came by another road, such as a city's own sign-in. Deleting an account deletes the row.
    """

    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str | None] = mapped_column(Text)
    email_key: Mapped[str | None] = mapped_column(Text, unique=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    language: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    is_staff: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    blocked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    blocked_reason: Mapped[str | None] = mapped_column(Text)
    #: When the person was told that the idle account will be deleted; empty again when they come back.
    idle_notice_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("language IN ('fi', 'sv', 'en')", name="language"),
        CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email_has_key"),
        CheckConstraint("(blocked_at IS NULL) = (blocked_reason IS NULL)", name="block_has_reason"),
    )


class AccountSession(Base):
    """A browser that is signed in. The cookie holds the secret; here is its SHA-256 alone."""

    __tablename__ = "account_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    absolute_end: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    second_factor_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    stepped_up_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    address_prefix: Mapped[str | None] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("kind IN ('resident', 'staff', 'kiosk')", name="kind"),
        CheckConstraint("octet_length(token_sha256) = 32", name="token_sha256"),
        Index("ix_account_session_account_id", "account_id"),
        Index("ix_account_session_absolute_end", "absolute_end"),
    )


class AccountToken(Base):
    """A single-use secret sent by mail, as its SHA-256. ``account_id`` is empty while there is no account yet."""

    __tablename__ = "account_token"

    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        Index("ix_account_token_account_id", "account_id"),
    )


class RoleGrant(Base):
    """A role that an account holds, in one round or all, until it is revoked. Rows are never deleted but with it."""

    __tablename__ = "role_grant"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(Text)
    round_id: Mapped[UUID | None] = mapped_column(ForeignKey("round.id", ondelete="CASCADE"))
    district: Mapped[str | None] = mapped_column(Text)
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(f"role IN ({', '.join(repr(role) for role in ROLES)})", name="role"),
        CheckConstraint("district IS NULL OR round_id IS NOT NULL", name="district_has_round"),
        Index("ix_role_grant_account_id", "account_id"),
    )


class AccessLog(Base):
    """What was done with accounts and personal data, by whom, with what outcome. A trigger refuses every change.

    Nothing here is personal but ids and a shortened address; the retention job alone may shorten and drop rows.
    """

    __tablename__ = "access_log"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    account_id: Mapped[UUID | None]
    act: Mapped[str] = mapped_column(Text)
    object: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    address_prefix: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_access_log_at", "at", "id"),
        Index("ix_access_log_account_id", "account_id", "id"),
    )
