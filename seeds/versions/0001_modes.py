"""Modes of teaching.

Revision ID: 0001
"""

from portal.catalogue.models import Mode
from portal.exchange.seeding import fill, reference, take_out

revision = "0001"
down_revision = None
branch_labels = "reference"
depends_on = None


def upgrade() -> None:
    """Add those that are missing."""
    fill(Mode, "name", [{"name": name, "expects_weekly_log": expects} for name, expects in reference().MODES])


def downgrade() -> None:
    """Take out those that still have their names; refused while a course uses one."""
    take_out(Mode, "name", [name for name, _expects in reference().MODES])
