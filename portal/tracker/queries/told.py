"""Who was told of one week, when, and what became of the mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from portal.accounts.models import User
from portal.extensions import db
from portal.notifications.models import Delivery, DeliveryState, Notification
from portal.tracker.ladder import DUE, MISSING, TODAY, base_of, keys_of
from portal.tracker.models import LogAlert

NUDGE = "log_nudged"
_KEYS = (*keys_of(DUE), TODAY, *keys_of(MISSING), NUDGE)


@dataclass(frozen=True, slots=True)
class Told:
    """One telling: its stage or that it was by hand, when, to whom ("" for the office), and how its mail stands.

    `state` is None where no mail was made of it.
    """

    kind: str
    at: datetime
    person: str
    state: DeliveryState | None
    sent_at: datetime | None


def list_told(offering_id: int, log_id: int) -> Sequence[Told]:
    """All that was told of a week, newest first. Two statements."""
    keys = [Notification.dedupe_key.startswith(f"{key}:{offering_id}:{log_id}:", autoescape=True) for key in _KEYS]
    wanted = (
        select(
            Notification.kind,
            Notification.created_at,
            User.first_name,
            User.last_name,
            Delivery.state,
            Delivery.sent_at,
        )
        .join(User, User.id == Notification.recipient_id)
        .outerjoin(Delivery, Delivery.id == Notification.delivery_id)
        .where(or_(*keys))
    )
    found = [
        Told(kind, at, f"{first} {last}".strip(), state, sent_at)
        for kind, at, first, last, state, sent_at in db.session.execute(wanted)
    ]
    alerts = select(LogAlert.stage, LogAlert.created_at).where(LogAlert.tracker_id == log_id)
    found += [Told(base_of(stage), at, "", None, None) for stage, at in db.session.execute(alerts)]
    return sorted(found, key=lambda one: one.at, reverse=True)
