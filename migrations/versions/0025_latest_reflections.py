"""The latest reflections of many, by an index.

Revision ID: 0025
Revises: 0027
"""

from alembic import op

revision = "0025"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index by which the list of all reflections begins."""
    op.create_index("ix_reflection_rounds_closes_on", "reflection_rounds", ["closes_on"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_reflection_rounds_closes_on", "reflection_rounds")
