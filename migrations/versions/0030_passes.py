"""When the worker's regular jobs last went through, for the administrator's page and for alerts.

Revision ID: 0030
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0025"
branch_labels = None
depends_on = None

_NAMES = ("reminders", "deliveries")


def upgrade() -> None:
    """Make the table, with a row for each job: whoever went through only updates its own."""
    passes = op.create_table(
        "passes",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_passes"),
    )
    began = sa.func.current_timestamp()
    for name in _NAMES:
        op.execute(passes.insert().values(name=name, counts={}, created_at=began, updated_at=began))


def downgrade() -> None:
    """Take it away."""
    op.drop_table("passes")
