"""Demo institution.

Revision ID: 0003
"""

from flask import current_app

from portal.audit.services import System
from portal.exchange.demo import clear_demo, is_loaded, load_demo

revision = "0003"
down_revision = None
branch_labels = "demo"
depends_on = None


def upgrade() -> None:
    """Load it, as `flask demo load` does; one that is there already is left as it is."""
    if not is_loaded():
        load_demo(current_app.config["PORTAL"], System())


def downgrade() -> None:
    """Take it out with all that was done in it, as `flask demo clear` does."""
    if is_loaded():
        clear_demo(current_app.config["PORTAL"], System())
