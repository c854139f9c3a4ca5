"""Ballots sealed at the desk, which two officers sign; contests that are void."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_KINDS = "'strike', 'extend', 'key', 'paper', 'paperlist'"


def upgrade() -> None:
    _check("vote_order", "kind", f"kind IN ({_KINDS}, 'env')")
    _check("booth_pass", "cls", "cls IN ('idt', 'code', 'desk')")
    op.add_column("booth_pass", sa.Column("begun_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_booth_pass_begun_by_account"), "booth_pass", "account", ["begun_by"], ["id"], ondelete="SET NULL"
    )
    op.add_column(
        "contest", sa.Column("void_reason", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column("contest", sa.Column("void_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("contest", "void_at")
    op.drop_column("contest", "void_reason")
    op.drop_constraint(op.f("fk_booth_pass_begun_by_account"), "booth_pass", type_="foreignkey")
    op.drop_column("booth_pass", "begun_by")
    op.execute("DELETE FROM booth_pass WHERE cls = 'desk'")
    op.execute("DELETE FROM vote_order WHERE kind = 'env'")
    _check("booth_pass", "cls", "cls IN ('idt', 'code')")
    _check("vote_order", "kind", f"kind IN ({_KINDS})")


def _check(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
