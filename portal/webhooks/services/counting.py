"""Telling of reflections: how many took part, once a day, and that results are out.

A message at the moment of a response would say when somebody wrote theirs, which the tables take care not to know.
"""

from datetime import date

from portal.webhooks.events import COUNTED, RELEASED
from portal.webhooks.queries.counts import Counted, Released, list_counted, list_released, list_told
from portal.webhooks.queries.endpoints import list_subscriptions
from portal.webhooks.services.messages import Message, send_messages


def count_reflections(today: date) -> int:
    """Write down what was not told; gives how many messages. One statement when nobody wants to know.

    Raises IntegrityError when another worker does the same at this moment.
    """
    subscribers = list_subscriptions()
    wanted = {kind for kinds in subscribers.values() for kind in kinds}
    found = [_counted(one) for one in list_counted(today)] if COUNTED in wanted else []
    found += [_released(one) for one in list_released(today)] if RELEASED in wanted else []
    told = list_told([str(one.once) for one in found])
    untold = [one for one in found if one.once not in told]
    if untold:
        send_messages(untold, subscribers)
    return len(untold)


def _counted(one: Counted) -> Message:
    data = {"round_id": one.round_id, "course_offering_id": one.offering_id, "responses": one.responses,
            "date": one.on.isoformat()}  # fmt: skip
    return Message(COUNTED, data, f"{COUNTED}:{one.round_id}:{one.on}")


def _released(one: Released) -> Message:
    data = {"round_id": one.round_id, "course_offering_id": one.offering_id, "invited": one.invited,
            "responses": one.responses, "shown": one.shown, "date": one.on.isoformat()}  # fmt: skip
    return Message(RELEASED, data, f"{RELEASED}:{one.round_id}")
