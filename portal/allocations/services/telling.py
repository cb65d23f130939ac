"""Telling people that a course is theirs now, or is not any more, unless they did it themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.allocations.queries.allocated import AllocatedCourse, find_allocated, find_users
from portal.audit.services import Actor
from portal.notifications.services import Fact, notify_many

GIVEN, TAKEN = "allocation_given", "allocation_taken"


@dataclass(frozen=True, slots=True)
class Handover:
    """A course that was one facilitator's (by id) and is another's, with its version since; None is nobody."""

    offering_id: int
    version: int
    before: int | None
    after: int | None


def tell_allocated(changes: Sequence[Handover], by: Actor) -> int:
    """Tell both of each change; gives how many people. Two statements, and what telling takes.

    Imports tell nobody: a term that is read in is announced by whoever reads it in.
    """
    changes = [one for one in changes if one.before != one.after]
    if not changes:
        return 0
    users = find_users({number for one in changes for number in (one.before, one.after) if number is not None})
    courses = find_allocated([one.offering_id for one in changes])
    facts = [
        _fact(kind, one, courses[one.offering_id], users[number])
        for one in changes
        for kind, number in ((TAKEN, one.before), (GIVEN, one.after))
        if number is not None and users.get(number, by.user_id) != by.user_id and one.offering_id in courses
    ]
    return notify_many(facts) if facts else 0


def _fact(kind: str, one: Handover, course: AllocatedCourse, user_id: int) -> Fact:
    params = {
        "offering_id": one.offering_id,
        "given": kind == GIVEN,
        "code": course.code,
        "module": course.course,
        "class": course.class_name,
        "start_date": course.start_date.isoformat(),
        "end_date": course.end_date.isoformat(),
    }
    return Fact(user_id, kind, params, f"{kind}:{one.offering_id}:{one.version}:{user_id}")
