"""Messages that were given up, sent again because an administrator says so."""

from typing import cast

from sqlalchemy import Table, select, update

from portal import clock
from portal.audit.services import Actor, Change, record_many
from portal.database import work_waits
from portal.extensions import db
from portal.notifications.models import Delivery, DeliveryState

_DELIVERIES = cast(Table, Delivery.__table__)
MOST = 1000


def replay(by: Actor, delivery_id: int | None = None) -> int:
    """Try a message that was given up as often again as a new one, or all of them; gives how many. Three statements.

    What of it holds no longer is left out when it is written, as ever.
    """
    now = clock.now()
    failed = [_DELIVERIES.c.state == DeliveryState.FAILED]
    if delivery_id is not None:
        failed.append(_DELIVERIES.c.id == delivery_id)
    ids = db.session.scalars(select(_DELIVERIES.c.id).where(*failed).order_by(_DELIVERIES.c.id).limit(MOST)).all()
    values = {"state": DeliveryState.PENDING, "attempts": 0, "next_attempt_at": now, "updated_at": now}
    taken = db.write(update(_DELIVERIES).where(*failed, _DELIVERIES.c.id.in_(ids)).values(values))
    if taken:
        states = (DeliveryState.FAILED.value, DeliveryState.PENDING.value)
        record_many(by, [Change("replay", Delivery.__tablename__, one, {"state": states}) for one in ids])
        work_waits(db.session, "deliver")
    return taken
