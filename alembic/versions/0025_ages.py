"""Years of birth on rolls, and how old those were who voted, in numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("roll_record", sa.Column("birth_year", sa.SmallInteger(), nullable=True))
    op.add_column("turnout", sa.Column("ages", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("turnout", "ages")
    op.drop_column("roll_record", "birth_year")
