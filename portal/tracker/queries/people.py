"""Who stands behind a facilitator's number."""

from sqlalchemy import select

from portal.accounts.models import Facilitator, User
from portal.extensions import db


def user_of_facilitator(facilitator_id: int) -> int | None:
    """The active account of a facilitator; None when it is closed. One statement."""
    wanted = select(User.id).join(Facilitator, Facilitator.user_id == User.id)
    found: int | None = db.session.scalar(wanted.where(Facilitator.id == facilitator_id, User.is_active))
    return found
