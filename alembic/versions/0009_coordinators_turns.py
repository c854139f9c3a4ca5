"""contact persons of districts stand with the staff alone, not in the set-up that the public record holds; one row for
each job that runs again and again"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        UPDATE round_step SET content = jsonb_set(content, '{districts}', (
            SELECT coalesce(jsonb_agg(district - 'coordinator' ORDER BY place), '[]')
            FROM jsonb_array_elements(content -> 'districts') WITH ORDINALITY AS listed (district, place)
        )) WHERE step = 'districts' AND content ? 'districts'
        """
    )
    op.execute("DELETE FROM job WHERE key LIKE 'every:%'")  # they come back by themselves
    op.create_index("ix_job_every", "job", ["key"], unique=True, postgresql_where=sa.text("key LIKE 'every:%'"))


def downgrade() -> None:
    op.drop_index("ix_job_every", table_name="job")
