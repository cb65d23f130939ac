"""Telling student and facilitator that somebody is there too rarely: once, when the limit is crossed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.extensions import db
from portal.notifications.models import Notification
from portal.notifications.services import Fact, notify_many
from portal.tracker.models import AttendanceState
from portal.tracker.queries import Log
from portal.tracker.queries.attendance import StudentWeeks, marks_of, rate_of, weeks_of_students
from portal.tracker.queries.people import user_of_facilitator

TO_STUDENT, TO_FACILITATOR = "attendance_low", "attendance_low_of_student"
# One absence in the first week says nothing yet.
LEAST_WEEKS = 3


@dataclass(frozen=True, slots=True)
class Crossing:
    """A student whom a week has brought below the limit, and their rate by now in percent."""

    student: StudentWeeks
    rate: int


def tell_of_low_attendance(log: Log, limit: int) -> int:
    """Tell whom this week has brought below `limit` percent, and who teaches them; gives how many students.

    Two statements when nobody was, and what telling takes.
    """
    crossings = find_crossings(log, limit)
    if not crossings:
        return 0
    teacher = user_of_facilitator(log.facilitator_id)
    facts = []
    for one in crossings:
        params = _params(log, one, limit)
        key = f"low_attendance:{one.student.enrolment_id}:{log.id}"
        facts.append(Fact(one.student.user_id, TO_STUDENT, params | {"is_own": True}, f"{key}:student"))
        if teacher is not None:
            facts.append(Fact(teacher, TO_FACILITATOR, params, f"{key}:facilitator"))
    told = _told([fact.dedupe_key for fact in facts])
    notify_many([fact for fact in facts if fact.dedupe_key not in told])
    return len(crossings)


def find_crossings(log: Log, limit: int) -> list[Crossing]:
    """The students who were not below the limit before this week and are now. Two statements at most."""
    marks = marks_of(log.id)
    if not any(mark is AttendanceState.ABSENT for mark in marks.values()):
        return []
    found = []
    for student in weeks_of_students(log.offering_id):
        rate = _crossed(student, marks.get(student.enrolment_id), limit)
        if rate is not None:
            found.append(Crossing(student, rate))
    return found


def _told(keys: Sequence[str]) -> set[str]:
    """Those that were told when the same week was handed in before."""
    return set(db.session.scalars(select(Notification.dedupe_key).where(Notification.dedupe_key.in_(keys))))


def _crossed(student: StudentWeeks, mark: AttendanceState | None, limit: int) -> int | None:
    """The rate by now, if this week's mark has brought it below the limit."""
    if mark is not AttendanceState.ABSENT:
        return None
    there, absent = student.present + student.late, student.absent
    now, before = rate_of(there, absent), rate_of(there, absent - 1)
    weeks = there + absent
    was_low = weeks - 1 >= LEAST_WEEKS and before is not None and before < limit
    return now if now is not None and now < limit and weeks >= LEAST_WEEKS and not was_low else None


def _params(log: Log, one: Crossing, limit: int) -> dict[str, object]:
    return {
        "offering_id": log.offering_id,
        "module": log.course,
        "code": log.code,
        "class": log.class_name,
        "week": log.week_number,
        "enrolment_id": one.student.enrolment_id,
        "rate": one.rate,
        "limit": limit,
    }
