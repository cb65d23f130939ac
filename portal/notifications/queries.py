"""Reads of notifications."""

from sqlalchemy import func, select

from portal.extensions import db
from portal.notifications.models import Notification


def count_unread(user_id: int) -> int:
    """How many notifications a person has not read. One statement."""
    wanted = select(func.count(Notification.id)).where(Notification.recipient_id == user_id, Notification.read_at.is_(None))
    return db.session.scalar(wanted) or 0
