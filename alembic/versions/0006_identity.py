"""identities, tokens and signing keys"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "proven_identity",
        sa.Column("pseudonym", sa.LargeBinary, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("driver", sa.Text, nullable=False),
        sa.Column("assurance", sa.Text, nullable=False),
        sa.Column("birth_year", sa.SmallInteger),
        sa.Column("municipality", sa.Text),
        sa.Column("postal_code", sa.Text),
        sa.Column("proven_at", AT, nullable=False),
        sa.CheckConstraint("octet_length(pseudonym) = 32", name="pseudonym"),
        sa.CheckConstraint("assurance IN ('low', 'substantial', 'high')", name="assurance"),
    )
    op.create_index("ix_proven_identity_account_id", "proven_identity", ["account_id"])
    op.create_table(
        "signin_attempt",
        sa.Column("state_sha256", sa.LargeBinary, primary_key=True),
        sa.Column("browser_sha256", sa.LargeBinary, nullable=False),
        sa.Column("driver", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("next_path", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.CheckConstraint("octet_length(state_sha256) = 32", name="state_sha256"),
        sa.CheckConstraint("octet_length(browser_sha256) = 32", name="browser_sha256"),
        sa.CheckConstraint("purpose IN ('sign-in', 'vote')", name="purpose"),
    )
    op.create_index("ix_signin_attempt_expires_at", "signin_attempt", ["expires_at"])
    op.create_table(
        "account_session_driver",
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("account_session.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("driver", sa.Text, nullable=False),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("acts", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("round_ids", postgresql.ARRAY(sa.Uuid)),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("used_at", AT),
        sa.Column("revoked_at", AT),
        sa.CheckConstraint("cardinality(acts) > 0", name="acts"),
        sa.CheckConstraint("expires_at <= created_at + interval '90 days'", name="short_lived"),
    )
    op.create_index("ix_api_token_account_id", "api_token", ["account_id"])
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("account.id", ondelete="SET NULL")),
        sa.Column("public_key", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("kept_in", sa.Text, nullable=False),
        sa.Column("enrolled_at", AT, nullable=False),
        sa.Column("revoked_at", AT),
        sa.Column("revoked_why", sa.Text),
        sa.CheckConstraint("octet_length(public_key) = 32", name="public_key"),
        sa.CheckConstraint("kept_in IN ('browser', 'file')", name="kept_in"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_why IS NULL)", name="revocation_has_reason"),
    )
    op.create_index("ix_signing_key_account_id", "signing_key", ["account_id"])
    op.create_table(
        "key_grant",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("key_id", sa.Uuid, sa.ForeignKey("signing_key.id"), nullable=False),
        sa.Column("round_id", sa.Uuid, sa.ForeignKey("round.id", ondelete="CASCADE"), nullable=False),
        sa.Column("log_id", sa.Uuid, sa.ForeignKey("record_log.id"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("district", sa.Text),
        sa.Column("from_at", AT, nullable=False),
        sa.Column("granted_by", sa.Uuid, sa.ForeignKey("account.id", ondelete="SET NULL")),
        sa.Column("granted_at", AT, nullable=False),
        sa.Column("revoked_by", sa.Uuid, sa.ForeignKey("account.id", ondelete="SET NULL")),
        sa.Column("revoked_at", AT),
    )
    op.create_index("ix_key_grant_round_id", "key_grant", ["round_id"])
    op.create_index(
        "uq_key_grant_in_force",
        "key_grant",
        ["key_id", "round_id", "role", "district"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    tables = ["key_grant", "signing_key", "api_token", "account_session_driver", "signin_attempt", "proven_identity"]
    for table in tables:
        op.drop_table(table)
