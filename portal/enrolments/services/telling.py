"""Telling students what became of their place, unless they did it themselves."""

from collections.abc import Sequence
from enum import StrEnum

from portal.audit.services import Actor
from portal.notifications.services import Fact, notify_many


class Told(StrEnum):
    """What happened; the name of the notification's kind."""

    ENROLLED = "enrolment_given"
    WAITLISTED = "enrolment_waits"
    MOVED_UP = "enrolment_moved_up"


def tell(
    offering_id: int, name: str, code: str | None, told: Told, numbers: Sequence[tuple[int, int]], by: Actor
) -> None:
    """Tell people, each with the number that the course gave them when they came. At most five statements."""
    params = {"offering_id": offering_id, "module": name, "code": code}
    facts = [
        # The number makes coming back a fact of its own.
        Fact(user_id, told, params, f"{told}:{offering_id}:{number}")
        for user_id, number in numbers
        if user_id != by.user_id
    ]
    if facts:
        notify_many(facts)
