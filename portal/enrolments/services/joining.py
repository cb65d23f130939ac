"""Enrolling students on a course and taking them off it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Student, User
from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.queries.listing import RUNNING
from portal.audit.services import Actor, Change, record_many
from portal.bulk import in_chunks, insert_rows, update_rows
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.services.places import ENROLMENTS, LockedCourse, count_in, lock_course, move_up
from portal.enrolments.services.telling import Told, tell
from portal.errors import Conflict, NotAllowed, NotFound, lazy
from portal.extensions import db

_PRESENT = (EnrolmentStatus.ACTIVE, EnrolmentStatus.WAITLISTED, EnrolmentStatus.COMPLETED)


class Source(StrEnum):
    """How an enrolment came about."""

    IMPORT = "import"
    COHORT = "cohort"
    SELF = "self"
    STAFF = "staff"


class AlreadyEnrolled(Conflict):
    """The student is on the course already, or waits for it. `facts`: `status`."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of students who were to be enrolled, by `students.id`, each in the order in which they were given."""

    enrolled: Sequence[int] = ()
    waiting: Sequence[int] = ()
    already: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """A student and the enrolment that they have had until now, if any."""

    student_id: int
    user_id: int
    enrolment_id: int | None
    status: EnrolmentStatus | None


def join_course(offering_id: int, user_id: int, by: Actor, today: date) -> None:
    """A student takes a place of an open course, or one on its waiting list.

    Raises NotFound for what is no open course that is published, NotAllowed for one that takes nobody, AlreadyEnrolled.
    """
    course = lock_course(offering_id)
    if course.kind is not OfferingKind.OPEN or course.published_at is None:
        raise NotFound(lazy("There is no such course."))
    if not course.takes_students or course.policy != "open" or course.end_date < today:
        raise NotAllowed(lazy("This course takes no students at present."))
    student_id = db.session.scalar(select(Student.id).where(Student.user_id == user_id))
    if student_id is None:
        raise NotAllowed(lazy("Only students can enrol."))
    joined = _join(course, [student_id], Source.SELF, by)
    if joined.already:
        raise AlreadyEnrolled(lazy("You are on this course already."))


def enrol_students(
    offering_id: int, student_ids: Sequence[int], source: Source, by: Actor, *, tells: bool = True
) -> Joined:
    """Enrol students, in this order; those for whom there is no place wait. Who is on the course already stays so.

    Raises NotFound for an unknown course, and Conflict for one that is completed, cancelled or archived. Students
    who are unknown or whose accounts are inactive are left out.
    """
    course = lock_course(offering_id)
    check_takes(course)
    return _join(course, student_ids, source, by, tells=tells)


def check_takes(course: LockedCourse) -> None:
    """Raise Conflict when nobody can be enrolled on a course."""
    if course.archived_at is not None:
        raise Conflict(lazy("This course is archived: nobody can be enrolled."))
    if not course.takes_students:
        raise Conflict(lazy("This course is completed or cancelled: nobody can be enrolled."))


def withdraw_students(offering_id: int, student_ids: Iterable[int], by: Actor) -> list[int]:
    """Take students off a course or its waiting list; those who wait longest move up. Gives whom that concerned.

    Raises NotFound for an unknown course.
    """
    course = lock_course(offering_id)
    leaving = [row for row in _rows(course, student_ids) if row.status in _PRESENT]
    if not leaving:
        return []
    gone = {"status": EnrolmentStatus.WITHDRAWN, "queue_number": None}
    update_rows(Enrolment, [{"id": row.enrolment_id, **gone} for row in leaving])
    _record(by, "withdraw", [(row, EnrolmentStatus.WITHDRAWN) for row in leaving])
    waited = sum(row.status is EnrolmentStatus.WAITLISTED for row in leaving)
    count_in(course, enrolled=waited - len(leaving), waiting=-waited)
    move_up(offering_id, by)
    return [row.student_id for row in leaving]


def leave_courses(user_id: int, by: Actor) -> None:
    """Take somebody whose account is deleted off every course that is not over; what is over keeps its roster."""
    wanted = (
        select(Enrolment.offering_id, Enrolment.student_id)
        .join(Student, Student.id == Enrolment.student_id)
        .join(CourseOffering, CourseOffering.id == Enrolment.offering_id)
        .where(
            Student.user_id == user_id,
            Enrolment.status.in_((EnrolmentStatus.ACTIVE, EnrolmentStatus.WAITLISTED)),
            CourseOffering.status.in_(RUNNING),
        )
    )
    for offering_id, student_id in db.session.execute(wanted.order_by(Enrolment.offering_id)).all():
        withdraw_students(offering_id, [student_id], by)


def complete_enrolment(enrolment_id: int, now: datetime, by: Actor) -> bool:
    """Note that a student has done all of a course; False when that was so before, or they do not take it.

    Raises NotFound.
    """
    offering_id = db.session.scalar(select(Enrolment.offering_id).where(Enrolment.id == enrolment_id))
    if offering_id is None:
        raise NotFound(lazy("There is no such enrolment."))
    lock_course(offering_id)
    row = db.session.get_one(Enrolment, enrolment_id, populate_existing=True)
    if row.status is not EnrolmentStatus.ACTIVE:
        return False
    first = row.completed_at is None
    row.status, row.completed_at = EnrolmentStatus.COMPLETED, row.completed_at or now
    db.session.flush()
    record_many(by, [Change("complete", ENROLMENTS, enrolment_id, _step(EnrolmentStatus.ACTIVE, row.status))])
    return first


def _join(course: LockedCourse, student_ids: Iterable[int], source: Source, by: Actor, *, tells: bool = True) -> Joined:
    """Who waits already comes first: as long as somebody does, newcomers get no place."""
    rows = _rows(course, student_ids)
    joining = [row for row in rows if row.status not in _PRESENT]
    free = 0 if course.waiting else course.free
    seated, waiting = joining[:free], joining[free:]
    numbers = {row.student_id: course.queue_last + at for at, row in enumerate(joining, start=1)}
    _write(course, seated, EnrolmentStatus.ACTIVE, source, {})
    _write(course, waiting, EnrolmentStatus.WAITLISTED, source, numbers)
    _record_joined(course, seated, waiting, by)
    if joining:
        count_in(course, enrolled=len(seated), waiting=len(waiting), numbers=len(joining))
    for told, those in ((Told.ENROLLED, seated), (Told.WAITLISTED, waiting)) if tells else ():
        tell(course.id, course.name, course.code, told, [(row.user_id, numbers[row.student_id]) for row in those], by)
    if course.waiting and course.free:  # whoever waited until now cannot take a place at present
        move_up(course.id, by)
    already = [row.student_id for row in rows if row.status in _PRESENT]
    return Joined([row.student_id for row in seated], [row.student_id for row in waiting], already)


def _rows(course: LockedCourse, student_ids: Iterable[int]) -> list[_Row]:
    """Students with what they are on this course, in the order given; for joining, those with an active account."""
    wanted = list(dict.fromkeys(student_ids))
    statement = (
        select(Student.id, Student.user_id, Enrolment.id, Enrolment.status, User.is_active)
        .join(User, User.id == Student.user_id)
        .outerjoin(Enrolment, (Enrolment.student_id == Student.id) & (Enrolment.offering_id == course.id))
    )
    found: dict[int, _Row] = {}
    for part in in_chunks(wanted):
        rows: Iterable[Any] = db.session.execute(statement.where(Student.id.in_(part)))
        for *values, is_active in rows:
            row = _Row(*values)
            if is_active or row.status in _PRESENT:
                found[row.student_id] = row
    return [found[student_id] for student_id in wanted if student_id in found]


def _write(
    course: LockedCourse, rows: Collection[_Row], status: EnrolmentStatus, source: Source, numbers: dict[int, int]
) -> None:
    """A new enrolment for each student, or another turn for who had one."""
    values = {"status": status, "source": source.value}
    again = [row for row in rows if row.enrolment_id is not None]
    update_rows(
        Enrolment,
        [{"id": row.enrolment_id, **values, "queue_number": numbers.get(row.student_id)} for row in again],
    )
    fresh = [row for row in rows if row.enrolment_id is None]
    insert_rows(
        Enrolment,
        [
            {"offering_id": course.id, "student_id": row.student_id, **values,
             "queue_number": numbers.get(row.student_id)}
            for row in fresh
        ],
    )  # fmt: skip


def _record_joined(course: LockedCourse, seated: Sequence[_Row], waiting: Sequence[_Row], by: Actor) -> None:
    ids = _ids_by_student(course, [row.student_id for row in (*seated, *waiting)])
    done = [(row, EnrolmentStatus.ACTIVE) for row in seated] + [(row, EnrolmentStatus.WAITLISTED) for row in waiting]
    changes = [Change("enrol", ENROLMENTS, ids[row.student_id], _step(row.status, status)) for row, status in done]
    for part in in_chunks(changes):
        record_many(by, part)


def _ids_by_student(course: LockedCourse, student_ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in in_chunks(student_ids):
        wanted = select(Enrolment.student_id, Enrolment.id).where(Enrolment.offering_id == course.id)
        found.update(db.session.execute(wanted.where(Enrolment.student_id.in_(part))).all())
    return found


def _record(by: Actor, action: str, done: Sequence[tuple[_Row, EnrolmentStatus]]) -> None:
    changes = [
        Change(action, ENROLMENTS, row.enrolment_id, _step(row.status, after))
        for row, after in done
        if row.enrolment_id is not None
    ]
    for part in in_chunks(changes):
        record_many(by, part)


def _step(before: EnrolmentStatus | None, after: EnrolmentStatus) -> dict[str, tuple[Any, Any]]:
    return {"status": (before, after)}
