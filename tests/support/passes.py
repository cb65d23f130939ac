"""Passes of the reminders, and what they told."""

from datetime import datetime

from sqlalchemy import select
from time_machine import Traveller

from portal.extensions import db
from portal.notifications.models import Notification
from portal.tracker.services.reminders import ReminderCounts, remind
from tests.support.mail import ZONE


def one_pass(moment: datetime, frozen_time: Traveller) -> ReminderCounts:
    """A pass at this moment, at which time stands still from then on."""
    frozen_time.move_to(moment)
    told = remind(moment, ZONE)
    db.session.commit()
    return told


def told() -> list[tuple[str, int]]:
    """Everything that was told, in order: the kind, and to whom."""
    rows = db.session.execute(select(Notification.kind, Notification.recipient_id).order_by(Notification.id))
    return [(row.kind, row.recipient_id) for row in rows]
