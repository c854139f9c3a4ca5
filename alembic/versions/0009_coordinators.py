"""contact persons of districts stand with the staff alone, not in the set-up that the public record holds"""

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


def downgrade() -> None:
    pass
