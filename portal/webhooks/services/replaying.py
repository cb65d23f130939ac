"""Messages sent again because somebody says so: under the id that they had, so that receivers know them."""

from typing import Any

from sqlalchemy import select, update

from portal import clock
from portal.audit.services import Actor, record
from portal.database import IN_PLACE, work_waits
from portal.errors import Conflict, NotFound, lazy
from portal.extensions import db
from portal.webhooks.models import EndpointState, MessageState, WebhookDelivery, WebhookEndpoint
from portal.webhooks.services.messages import WORK, send_test

MOST = 1000


def replay(endpoint_id: int, delivery_id: int, by: Actor) -> None:
    """Send a message again, at once, with as many attempts as a new one.

    Raises NotFound; Conflict when its endpoint is switched off, or it is on its way at this moment.
    """
    check_enabled(endpoint_id)
    mine = (WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint_id)
    state = db.session.scalar(select(WebhookDelivery.state).where(*mine))
    if state is None:
        raise NotFound(lazy("There is no such message."))
    if not _try_again(*mine, WebhookDelivery.state != MessageState.CLAIMED):
        raise Conflict(lazy("This message is on its way at this moment."))
    record(by, "replay", WebhookDelivery.__tablename__, delivery_id, state=(state, MessageState.PENDING))


def replay_failed(endpoint_id: int, by: Actor) -> int:
    """Send again what was given up, at most a thousand messages; gives how many. Raises as `replay`."""
    check_enabled(endpoint_id)
    failed = (WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == MessageState.FAILED)
    ids = db.session.scalars(select(WebhookDelivery.id).where(*failed).order_by(WebhookDelivery.id).limit(MOST)).all()
    count = _try_again(*failed, WebhookDelivery.id.in_(ids))
    if count:
        record(by, "replay", WebhookEndpoint.__tablename__, endpoint_id, messages=(None, count))
    return count


def try_endpoint(endpoint_id: int, by: Actor) -> None:
    """Send a message that says nothing but that messages arrive. Raises as `replay`."""
    check_enabled(endpoint_id)
    send_test(endpoint_id)
    record(by, "test", WebhookEndpoint.__tablename__, endpoint_id)


def check_enabled(endpoint_id: int) -> None:
    """Raise NotFound for an endpoint that is not there, Conflict for one that gets nothing."""
    # Locked, so that nobody switches it off meanwhile.
    wanted = select(WebhookEndpoint.state).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    state = db.session.scalar(wanted)
    if state is None:
        raise NotFound(lazy("There is no such endpoint."))
    if state is not EndpointState.ENABLED:
        raise Conflict(lazy("This endpoint is switched off. Switch it on first."))


def _try_again(*conditions: Any) -> int:
    again = {"state": MessageState.PENDING, "attempts": 0, "next_attempt_at": clock.now(), "claim_token": None}
    taken = db.write(update(WebhookDelivery).where(*conditions).values(again), execution_options=IN_PLACE)
    if taken:
        work_waits(db.session, WORK)
    return taken
