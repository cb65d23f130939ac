"""Pulses of courses by parts: what is counted of a term is counted anew for a part of its courses only.

Revision ID: 0020
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0015"
branch_labels = None
depends_on = None

_PULSES = sa.table("pulses", sa.column("subject"), sa.column("value"))
_SUBJECTS = ("terms", *(f"part {number}" for number in range(16)))


def upgrade() -> None:
    """Begin to count."""
    op.bulk_insert(_PULSES, [{"subject": subject, "value": 0} for subject in _SUBJECTS])


def downgrade() -> None:
    """Stop counting."""
    op.execute(sa.delete(_PULSES).where(_PULSES.c.subject.in_(_SUBJECTS)))
