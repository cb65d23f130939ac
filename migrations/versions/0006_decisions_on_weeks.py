"""Weekly logs: deadlines that were moved, wishes to open a week again, indexes for compliance; pulses.

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
    "ix_activity_trackers_states": [
        "allocation_id",
        "week_start",
        "due_at",
        "submitted_at",
        "excused_at",
        "facilitator_id",
    ],
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
    pulses = op.create_table(
        "pulses",
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_pulses"),
    )
    op.bulk_insert(pulses, [{"subject": "courses", "value": 0}, {"subject": "weeks", "value": 0}])


def downgrade() -> None:
    """Take them away; deadlines stay as they were moved."""
    op.drop_table("pulses")
    for name in reversed(_INDEXES):
        op.drop_index(name, _LOGS)
    with op.batch_alter_table(_LOGS) as batch_op:
        for column in ("reopen_reason", "reopen_asked_at", "extended_from"):
            batch_op.drop_column(column)
