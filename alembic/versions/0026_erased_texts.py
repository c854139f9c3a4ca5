"""The texts of a line of a project's history can be erased; its hash stays."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_GUARD = """
CREATE OR REPLACE FUNCTION implementation_act_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.id, OLD.implementation_id, OLD.number, OLD.kind, OLD.at, OLD.sha256)
        IS NOT DISTINCT FROM (NEW.id, NEW.implementation_id, NEW.number, NEW.kind, NEW.at, NEW.sha256)
        AND {body} THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM implementation WHERE id = OLD.implementation_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the history of a project is only added to';
END $$
"""
#: A body changes once, when its texts are erased; that it was erased is never taken back.
_ERASED_ONCE = (
    "((OLD.body, OLD.is_erased) IS NOT DISTINCT FROM (NEW.body, NEW.is_erased)"
    " OR (NEW.is_erased AND NOT OLD.is_erased))"
)
_NEVER = "OLD.body IS NOT DISTINCT FROM NEW.body"


def upgrade() -> None:
    op.add_column(
        "implementation_act", sa.Column("is_erased", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute(_GUARD.format(body=_ERASED_ONCE))


def downgrade() -> None:
    op.execute(_GUARD.format(body=_NEVER))
    op.drop_column("implementation_act", "is_erased")
