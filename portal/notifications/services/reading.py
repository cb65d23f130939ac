"""Marking one notification as read, by its id."""

from sqlalchemy import select, update

from portal import clock
from portal.database import IN_PLACE
from portal.errors import NotFound, lazy
from portal.extensions import db
from portal.notifications.models import Notification


def mark_one_read(user_id: int, notification_id: int) -> bool:
    """Mark a person's notification as read; False when it was. Raises NotFound for one that is not theirs."""
    mine = (Notification.id == notification_id, Notification.recipient_id == user_id)
    done = db.write(
        update(Notification).where(*mine, Notification.read_at.is_(None)).values(read_at=clock.now()),
        execution_options=IN_PLACE,
    )
    if done:
        return True
    if db.session.scalar(select(Notification.id).where(*mine)) is None:
        raise NotFound(lazy("There is no such notification."))
    return False
