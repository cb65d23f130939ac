"""What must be known of the recipients of claimed mails before one is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from portal.extensions import db
from portal.notifications.models import Channel, Delivery, DeliveryState, MailRefusal, Way
from portal.notifications.queries.choices import find_quiet_hours, list_switched_off

# A mail of the same day of somebody's was sent at most so long ago, wherever they live.
_DAYS = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Standing:
    """Of a recipient: groups of which they want no mail, their own quiet hours, their last mail.

    `is_served` says that another mail to them is being sent at this moment, `is_refused` that the last one was.
    """

    unwanted: frozenset[str] = frozenset()
    quiet: tuple[int, int] | None = None
    last_at: datetime | None = None
    is_served: bool = False
    is_refused: bool = False


def find_standings(deliveries: Mapping[int, int], groups: Sequence[str], now: datetime) -> Mapping[int, Standing]:
    """How the recipients of these mails stand, by user id; `deliveries` gives them by mail. Four statements."""
    people = set(deliveries.values())
    off = list_switched_off(people, groups)
    hours = find_quiet_hours(people)
    refused = set(db.session.scalars(select(MailRefusal.user_id).where(MailRefusal.user_id.in_(people))))
    last, served = _other_mails(deliveries, now)
    return {
        user_id: Standing(
            frozenset(group for other, group, way in off if other == user_id and way is Way.MAIL),
            hours.get(user_id),
            last.get(user_id),
            user_id in served,
            user_id in refused,
        )
        for user_id in people
    }


def _other_mails(deliveries: Mapping[int, int], now: datetime) -> tuple[dict[int, datetime], set[int]]:
    """When each got the last mail of these days, and to whom one is being sent."""
    sent = and_(Delivery.state == DeliveryState.SENT, Delivery.sent_at > now - _DAYS)
    held = and_(Delivery.state == DeliveryState.CLAIMED, Delivery.id.not_in(deliveries))
    wanted = (
        select(Delivery.recipient_id, Delivery.state, func.max(Delivery.sent_at))
        .where(Delivery.recipient_id.in_(set(deliveries.values())), Delivery.channel == Channel.MAIL, or_(sent, held))
        .group_by(Delivery.recipient_id, Delivery.state)
    )
    rows = db.session.execute(wanted).all()
    last = {user_id: moment for user_id, state, moment in rows if state is DeliveryState.SENT and moment}
    return last, {user_id for user_id, state, _moment in rows if state is DeliveryState.CLAIMED}
