"""sign-ins at a provider that join an identity to the account of who began them"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_CHECK = op.f("ck_signin_attempt_purpose")


def upgrade() -> None:
    op.add_column("signin_attempt", sa.Column("account_id", sa.Uuid()))
    name = op.f("fk_signin_attempt_account_id_account")
    op.create_foreign_key(name, "signin_attempt", "account", ["account_id"], ["id"], ondelete="CASCADE")
    op.drop_constraint(_CHECK, "signin_attempt", type_="check")
    op.create_check_constraint(_CHECK, "signin_attempt", "purpose IN ('sign-in', 'vote', 'join')")
    op.create_check_constraint(
        op.f("ck_signin_attempt_join_has_account"), "signin_attempt", "(purpose = 'join') = (account_id IS NOT NULL)"
    )


def downgrade() -> None:
    op.execute("DELETE FROM signin_attempt WHERE purpose = 'join'")
    op.drop_constraint(op.f("ck_signin_attempt_join_has_account"), "signin_attempt", type_="check")
    op.drop_constraint(_CHECK, "signin_attempt", type_="check")
    op.create_check_constraint(_CHECK, "signin_attempt", "purpose IN ('sign-in', 'vote')")
    op.drop_column("signin_attempt", "account_id")
