"""Writing down that the worker is at work."""

from sqlalchemy import update

from portal import clock
from portal.database import IN_PLACE
from portal.extensions import db
from portal.ops.models import Pass


def record_pass(name: str, **counts: int) -> None:
    """A regular job went through at this moment."""
    done = update(Pass).where(Pass.name == name).values(finished_at=clock.now(), counts=counts)
    db.session.execute(done, execution_options=IN_PLACE)
