"""Writing down what happened, with a delivery for each endpoint that wants to know."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal import clock
from portal.bulk import ids_by, insert_rows
from portal.database import work_waits
from portal.extensions import db
from portal.webhooks.events import TEST, Happened
from portal.webhooks.models import MessageState, WebhookDelivery, WebhookMessage
from portal.webhooks.queries.endpoints import list_subscriptions
from portal.webhooks.queries.payloads import tell_all
from portal.webhooks.signing import new_uid

# What wakes the worker, see portal/waking.py.
WORK = "deliver_webhooks"


@dataclass(frozen=True, slots=True)
class Message:
    """What a message says; `once` is the same whenever the fact is."""

    type: str
    data: Mapping[str, Any]
    once: str | None = None


def write_messages(events: Iterable[Happened]) -> None:
    """Messages of what happened, once for each thing and type. One statement when nobody wants to know."""
    first = {(one.type, one.entity, one.entity_id): one for one in reversed(list(events))}
    subscribers = list_subscriptions()
    wanted = {kind for kinds in subscribers.values() for kind in kinds}
    if told := tell_all([one for one in reversed(first.values()) if one.type in wanted]):
        send_messages([Message(kind, data) for kind, data in told], subscribers)


def send_messages(messages: Sequence[Message], subscribers: Mapping[int, Collection[str]]) -> None:
    """Write messages, and a delivery for each of the endpoints, given with their types, that wants one.

    Raises IntegrityError when a fact was written before.
    """
    uids = [new_uid() for _one in messages]
    insert_rows(
        WebhookMessage,
        [
            {"uid": uid, "type": one.type, "data": dict(one.data), "once": one.once}
            for uid, one in zip(uids, messages, strict=True)
        ],
    )
    made, now = ids_by(WebhookMessage.uid, uids), clock.now()
    insert_rows(
        WebhookDelivery,
        [
            {"message_id": made[uid], "endpoint_id": endpoint_id, "state": MessageState.PENDING, "attempts": 0,
             "next_attempt_at": now}
            for uid, one in zip(uids, messages, strict=True)
            for endpoint_id, kinds in subscribers.items()
            if one.type in kinds
        ],
    )  # fmt: skip
    work_waits(db.session, WORK)


def send_test(endpoint_id: int) -> None:
    """A message to one endpoint that says nothing but that messages arrive."""
    send_messages([Message(TEST, {"endpoint_id": endpoint_id})], {endpoint_id: (TEST,)})
