"""Telling people of their courses, unless they did it themselves: given, taken, with other dates, cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.allocations.models import OfferingStatus
from portal.allocations.queries.allocated import AllocatedCourse, find_allocated, find_users
from portal.audit.services import Actor
from portal.notifications.services import Fact, notify_many

GIVEN, TAKEN, CHANGED = "allocation_given", "allocation_taken", "allocation_changed"


@dataclass(frozen=True, slots=True)
class Handover:
    """A course that was one facilitator's (by id) and is another's, with its version since; None is nobody."""

    offering_id: int
    version: int
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Before:
    """How a course stood before it was changed, with its version since."""

    offering_id: int
    version: int
    start_date: date
    end_date: date
    status: OfferingStatus


def tell_allocated(changes: Sequence[Handover], by: Actor, *, from_files: bool = False) -> int:
    """Tell both of each change; gives how many people. Two statements, and what telling takes.

    What comes `from_files`, or as the copy of a term, is told to those alone who can sign in: to the others the
    portal is not open yet, and a term that is read in to see how it looks writes to nobody.
    """
    changes = [one for one in changes if one.before != one.after]
    if not changes:
        return 0
    people = {number for one in changes for number in (one.before, one.after) if number is not None}
    users = find_users(people, only_signing_in=from_files)
    courses = find_allocated([one.offering_id for one in changes])
    facts = [
        _fact(kind, one.version, courses[one.offering_id], users[number], {"given": kind == GIVEN})
        for one in changes
        for kind, number in ((TAKEN, one.before), (GIVEN, one.after))
        if number is not None and users.get(number, by.user_id) != by.user_id and one.offering_id in courses
    ]
    return notify_many(facts) if facts else 0


def tell_changed(changes: Sequence[Before], by: Actor, reason: str = "", *, from_files: bool = False) -> int:
    """Tell whoever teaches a course now of its other dates, or that it is cancelled or takes place after all.

    Gives how many people. One statement, and what telling takes. `from_files` as in `tell_allocated`.
    """
    courses = find_allocated([one.offering_id for one in changes]) if changes else {}
    facts = []
    for one in changes:
        course = courses.get(one.offering_id)
        if course is None or course.user_id in (None, by.user_id) or (from_files and not course.signs_in):
            continue
        before, after = _standing(one), _standing(course)
        if before != after:
            said = {"before": before, "after": after, "reason": reason}
            facts.append(_fact(CHANGED, one.version, course, course.user_id or 0, said))
    return notify_many(facts) if facts else 0


def _standing(one: Before | AllocatedCourse) -> dict[str, Any]:
    """What a facilitator is told of when it changes."""
    cancelled = one.status is OfferingStatus.CANCELLED
    return {"start_date": one.start_date.isoformat(), "end_date": one.end_date.isoformat(), "cancelled": cancelled}


def stands_as(course: AllocatedCourse, standing: Mapping[str, Any]) -> bool:
    """Whether a course stands as it was told to stand once."""
    return _standing(course) == standing


def _fact(kind: str, version: int, course: AllocatedCourse, user_id: int, said: Mapping[str, Any]) -> Fact:
    params = {
        "offering_id": course.id,
        "code": course.code,
        "module": course.course,
        "class": course.class_name,
        "start_date": course.start_date.isoformat(),
        "end_date": course.end_date.isoformat(),
        **said,
    }
    return Fact(user_id, kind, params, f"{kind}:{course.id}:{version}:{user_id}")
