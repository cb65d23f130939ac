"""Pulses of what courses are called by, of plans, and of each week by itself; an index of how the logs of a week stand.

Revision ID: 0009
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0012"
branch_labels = None
depends_on = None

_PULSES = sa.table("pulses", sa.column("subject"), sa.column("value"))


_SUBJECTS = ("names", "people", "plans", "views", *(f"week {number}" for number in range(32)))
_STATES = ("week_start", "excused_at", "submitted_at", "due_at", "allocation_id", "week_number", "facilitator_id")


def upgrade() -> None:
    """Begin to count; make the index."""
    op.bulk_insert(_PULSES, [{"subject": subject, "value": 0} for subject in _SUBJECTS])
    op.create_index("ix_activity_trackers_weeks", "activity_trackers", _STATES)


def downgrade() -> None:
    """Stop counting; take the index away."""
    op.drop_index("ix_activity_trackers_weeks", "activity_trackers")
    op.execute(sa.delete(_PULSES).where(_PULSES.c.subject.in_(_SUBJECTS)))
