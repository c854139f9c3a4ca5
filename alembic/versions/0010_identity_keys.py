"""by which key a person is known"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proven_identity", sa.Column("key_id", sa.Text()))


def downgrade() -> None:
    op.drop_column("proven_identity", "key_id")
