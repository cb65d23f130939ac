"""Weekly logs: how many were there, of how many; checklist items that can be changed by two people.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LOGS = sa.table("activity_trackers", sa.column("id"), sa.column("there_count"), sa.column("roster_count"))
_PLACES = sa.table("attendance", sa.column("tracker_id"), sa.column("state"))


def upgrade() -> None:
    """Add the sums, of what was taken up to now too."""
    with op.batch_alter_table("activity_trackers") as batch_op:
        batch_op.add_column(sa.Column("there_count", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("roster_count", sa.Integer(), nullable=True))
    with op.batch_alter_table("checklist_items") as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    places = sa.select(sa.func.count()).select_from(_PLACES).where(_PLACES.c.tracker_id == _LOGS.c.id)
    there = places.where(_PLACES.c.state.in_(["present", "late"]))
    op.execute(
        sa.update(_LOGS)
        .where(sa.exists().where(_PLACES.c.tracker_id == _LOGS.c.id))
        .values(there_count=there.scalar_subquery(), roster_count=places.scalar_subquery())
    )


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("checklist_items") as batch_op:
        batch_op.drop_column("version")
    with op.batch_alter_table("activity_trackers") as batch_op:
        batch_op.drop_column("roster_count")
        batch_op.drop_column("there_count")
