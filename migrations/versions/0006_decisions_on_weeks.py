"""Weekly logs: deadlines that were moved, wishes to have a week opened again, indexes for compliance.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LOGS = "activity_trackers"
_INDEXES = {
    "ix_activity_trackers_states": ["allocation_id", "week_start", "due_at", "submitted_at", "excused_at"],
    "ix_activity_trackers_week_start_allocation_id": ["week_start", "allocation_id"],
    "ix_activity_trackers_reopen_asked_at": ["reopen_asked_at"],
}


def upgrade() -> None:
    """Add them."""
    with op.batch_alter_table(_LOGS) as batch_op:
        batch_op.add_column(sa.Column("extended_from", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("reopen_asked_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("reopen_reason", sa.String(length=500), nullable=True))
    for name, columns in _INDEXES.items():
        op.create_index(name, _LOGS, columns)


def downgrade() -> None:
    """Take them away; deadlines stay as they were moved."""
    for name in reversed(_INDEXES):
        op.drop_index(name, _LOGS)
    with op.batch_alter_table(_LOGS) as batch_op:
        for column in ("reopen_reason", "reopen_asked_at", "extended_from"):
            batch_op.drop_column(column)
