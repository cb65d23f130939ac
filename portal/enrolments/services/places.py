"""The places of a course: who gets one, who waits, and who moves up.

Whoever changes a roster locks the course first, so that places and waiting list are only ever changed by one at a
time; the counts in the course are kept in the same transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update

from portal.accounts.models import Student, User
from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.allocations.queries.listing import RUNNING
from portal.audit.services import Actor, Change, record_many
from portal.bulk import in_chunks, update_rows
from portal.catalogue.models import Module
from portal.database import IN_PLACE
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.services.telling import Told, tell
from portal.errors import NotFound, lazy
from portal.extensions import db
from portal.pulses import OF_COURSES

ENROLMENTS = Enrolment.__tablename__


@dataclass(frozen=True, slots=True)
class LockedCourse:
    """A course whose row is locked until the transaction ends."""

    id: int
    kind: OfferingKind
    status: OfferingStatus
    published_at: datetime | None
    archived_at: datetime | None
    policy: str
    cohort_id: int | None
    end_date: date
    places: int
    enrolled: int
    waiting: int
    queue_last: int
    name: str
    code: str | None

    @property
    def takes_students(self) -> bool:
        """Whether anybody can be enrolled at all: it is planned or running, and not archived."""
        return self.status in RUNNING and self.archived_at is None

    @property
    def free(self) -> int:
        """How many places nobody has."""
        return max(0, self.places - self.enrolled)


# Asked for beside the course: MariaDB locks whatever a locking statement joins, and whoever makes or moves a course
# holds its module before the course.
_MODULE = Module.id == CourseOffering.module_id
_NAME, _CODE = (select(column).where(_MODULE).scalar_subquery() for column in (Module.name, Module.code))
_COURSE = (
    select(
        CourseOffering.id, CourseOffering.kind, CourseOffering.status, CourseOffering.published_at,
        CourseOffering.archived_at, CourseOffering.enrolment_policy, CourseOffering.cohort_id, CourseOffering.end_date,
        CourseOffering.max_students, CourseOffering.enrolled_count, CourseOffering.waiting_count,
        CourseOffering.queue_last,
        func.coalesce(func.nullif(CourseOffering.title, ""), _NAME, ""), _CODE,
    )
    .with_for_update()
)  # fmt: skip


def lock_course(offering_id: int) -> LockedCourse:
    """A course, locked until the transaction ends. Raises NotFound."""
    row: Any = db.session.execute(_COURSE.where(CourseOffering.id == offering_id)).one_or_none()
    if row is None:
        raise NotFound(lazy("There is no such course."))
    return LockedCourse(*row)


def count_in(course: LockedCourse, *, enrolled: int = 0, waiting: int = 0, numbers: int = 0) -> None:
    """Change the counts of a locked course by so many."""
    db.session.execute(
        update(CourseOffering)
        .where(CourseOffering.id == course.id)
        .values(
            enrolled_count=CourseOffering.enrolled_count + enrolled,
            waiting_count=CourseOffering.waiting_count + waiting,
            queue_last=CourseOffering.queue_last + numbers,
        )
        .execution_options(**IN_PLACE),
        execution_options={OF_COURSES: [course.id]},
    )


def move_up(offering_id: int, by: Actor) -> int:
    """Give free places to those who wait longest; gives how many moved up. One statement when nobody can.

    Nobody moves up in a course that takes no students; whose account is inactive is passed over until it is active.
    """
    course = lock_course(offering_id)
    if not (course.takes_students and course.waiting and course.free):
        return 0
    waiting = (
        select(Enrolment.id, Student.user_id, Enrolment.queue_number)
        .join(Student, Student.id == Enrolment.student_id)
        .join(User, User.id == Student.user_id)
        .where(Enrolment.offering_id == course.id, Enrolment.status == EnrolmentStatus.WAITLISTED, User.is_active)
        .order_by(Enrolment.queue_number)
        .limit(course.free)
    )
    rows = db.session.execute(waiting).all()
    active = {"status": EnrolmentStatus.ACTIVE, "queue_number": None}
    update_rows(Enrolment, [{"id": row.id, **active} for row in rows])
    moved = {"status": (EnrolmentStatus.WAITLISTED, EnrolmentStatus.ACTIVE)}
    record_many(by, [Change("move_up", ENROLMENTS, row.id, moved) for row in rows])
    count_in(course, enrolled=len(rows), waiting=-len(rows))
    tell(course.id, course.name, course.code, Told.MOVED_UP, [(row.user_id, row.queue_number) for row in rows], by)
    return len(rows)


def settle(offering_ids: Iterable[int], by: Actor) -> int:
    """Let students move up wherever there are places by now; gives how many did. One statement when nobody waits."""
    moved = 0
    for part in in_chunks(sorted(set(offering_ids))):
        for offering_id in _with_both(part):
            moved += move_up(offering_id, by)
    return moved


def _with_both(offering_ids: Sequence[int]) -> Sequence[int]:
    """Those of these courses that have somebody waiting and a place for them."""
    wanted = select(CourseOffering.id).where(
        CourseOffering.id.in_(offering_ids),
        CourseOffering.waiting_count > 0,
        CourseOffering.enrolled_count < CourseOffering.max_students,
    )
    return db.session.scalars(wanted.order_by(CourseOffering.id)).all()
