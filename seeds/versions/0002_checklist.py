"""Default checklist of a week.

Revision ID: 0002
Revises: 0001
"""

from portal.exchange.seeding import fill, reference, take_out
from portal.tracker.models import ChecklistItem

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the items that are missing; what an institution made of the others stays."""
    names = ("key", "label_en", "label_fr", "from_week", "to_week", "position")
    items = [(*item, number) for number, item in enumerate(reference().ITEMS, start=1)]
    fill(ChecklistItem, "key", [dict(zip(names, item, strict=True)) for item in items])


def downgrade() -> None:
    """Take the items out; refused while a weekly log has one."""
    take_out(ChecklistItem, "key", [item[0] for item in reference().ITEMS])
