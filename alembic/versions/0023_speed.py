"""Kept so that it need not be worked out again; and who has asked for the roots of a roll, which a job makes."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns of a roll that is being fixed."""
    op.add_column("roll", sa.Column("fixing_since", sa.DateTime(timezone=True)))
    op.add_column("roll", sa.Column("fixing_by", sa.Uuid()))
    op.add_column("roll", sa.Column("fixing_percent", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_foreign_key("fk_roll_fixing_by", "roll", "account", ["fixing_by"], ["id"], ondelete="SET NULL")


def downgrade() -> None:
    """Drop them."""
    op.drop_constraint("fk_roll_fixing_by", "roll", type_="foreignkey")
    for name in ("fixing_percent", "fixing_by", "fixing_since"):
        op.drop_column("roll", name)
