"""Telling students what became of their place or their course, unless they did it themselves."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from portal.allocations.models import OfferingStatus
from portal.audit.services import Actor
from portal.enrolments.queries.rosters import list_concerned
from portal.notifications.services import Fact, notify_many


class Told(StrEnum):
    """What happened; the name of the notification's kind."""

    ENROLLED = "enrolment_given"
    WAITLISTED = "enrolment_waits"
    MOVED_UP = "enrolment_moved_up"
    CANCELLED = "enrolment_cancelled"
    TAKES_PLACE = "enrolment_takes_place"


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


def tell_standings(
    statuses: Mapping[int, tuple[OfferingStatus, OfferingStatus]], versions: Mapping[int, int], by: Actor, reason: str
) -> int:
    """Tell whoever is on a course, or waits for it, that it is cancelled or takes place after all.

    `statuses` are before and after by course; gives how many people. One statement for each 500 courses, and what
    telling takes.
    """
    told = {number: _told(before, after) for number, (before, after) in statuses.items()}
    people = list_concerned([number for number, kind in told.items() if kind])
    facts = []
    for one in people:
        kind = told[one.offering_id]
        if kind is None or one.user_id == by.user_id:
            continue
        params = {"offering_id": one.offering_id, "module": one.course, "code": one.code, "told": kind,
                  "reason": reason if kind is Told.CANCELLED else ""}  # fmt: skip
        key = f"{kind}:{one.offering_id}:{versions[one.offering_id]}:{one.user_id}"
        facts.append(Fact(one.user_id, kind, params, key))
    return notify_many(facts) if facts else 0


def _told(before: OfferingStatus, after: OfferingStatus) -> Told | None:
    if OfferingStatus.CANCELLED not in (before, after):
        return None
    return Told.CANCELLED if after is OfferingStatus.CANCELLED else Told.TAKES_PLACE
