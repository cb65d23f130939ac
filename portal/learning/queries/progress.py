"""How far students have come.

The rule, for every place where it is shown: a lesson is done once for each enrolment. The percentage is how many of
the lessons that are published now are done, rounded down, so that 100 means all of them; without a published lesson
there is none. What is done of a lesson that is a draft again counts again when it is published again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, case, func, select

from portal.accounts.models import Student, User
from portal.accounts.names import full_name
from portal.bulk import in_chunks
from portal.database import UtcDateTime
from portal.enrolments.models import Enrolment
from portal.enrolments.services import HOLDS_A_PLACE
from portal.extensions import db
from portal.learning.models import Lesson, LessonCompletion

# Whoever has lessons left and has done none for so long is stuck.
STUCK_AFTER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one enrolment has come; `next_id` and `next_title` name the first lesson that is not done."""

    done: int = 0
    total: int = 0
    next_id: int | None = None
    next_title: str | None = None

    @property
    def percent(self) -> int | None:
        """Whole percent from 0 to 100; None without a published lesson."""
        return 100 * self.done // self.total if self.total else None

    @property
    def is_complete(self) -> bool:
        """Whether there are lessons, and all are done."""
        return 0 < self.total == self.done


@dataclass(frozen=True, slots=True)
class StudentProgress:
    """A student of a course; `last_done_at` is when they did a lesson last."""

    enrolment_id: int
    user_id: int
    first_name: str
    last_name: str
    student_number: str
    enrolled_at: datetime
    last_done_at: datetime | None
    progress: Progress
    is_stuck: bool

    @property
    def name(self) -> str:
        """The student's whole name."""
        return full_name(self.first_name, self.last_name)


def progress_of(enrolment_ids: Sequence[int], now: datetime) -> dict[int, Progress]:
    """The progress of enrolments, of one student or of many, by enrolment. One statement for each 500."""
    found: dict[int, Progress] = {}
    for part in in_chunks(enrolment_ids):
        rows = db.session.execute(
            select(Enrolment.id, Lesson.id.label("lesson_id"), Lesson.title, LessonCompletion.lesson_id.label("done"))
            .join(Lesson, and_(Lesson.offering_id == Enrolment.offering_id, Lesson.published_at <= now))
            .outerjoin(
                LessonCompletion,
                and_(LessonCompletion.lesson_id == Lesson.id, LessonCompletion.enrolment_id == Enrolment.id),
            )
            .where(Enrolment.id.in_(part))
            .order_by(Enrolment.id, Lesson.position, Lesson.id)
        )
        for row in rows:
            so_far = found.get(row.id, Progress())
            is_next = row.done is None and so_far.next_id is None
            found[row.id] = Progress(
                so_far.done + (row.done is not None),
                so_far.total + 1,
                row.lesson_id if is_next else so_far.next_id,
                row.title if is_next else so_far.next_title,
            )
    return {enrolment_id: found.get(enrolment_id, Progress()) for enrolment_id in enrolment_ids}


_STUDENTS = (
    select(
        Enrolment.id,
        Student.user_id,
        User.first_name,
        User.last_name,
        Student.student_number,
        Enrolment.created_at,
        func.max(LessonCompletion.created_at).label("last_done_at"),
        func.count(case((Lesson.published_at <= bindparam("now", type_=UtcDateTime()), 1))).label("done"),
    )
    .join(Student, Student.id == Enrolment.student_id)
    .join(User, User.id == Student.user_id)
    .outerjoin(LessonCompletion, LessonCompletion.enrolment_id == Enrolment.id)
    .outerjoin(Lesson, Lesson.id == LessonCompletion.lesson_id)
    .where(Enrolment.offering_id == bindparam("offering_id"), Enrolment.status.in_(HOLDS_A_PLACE))
    .group_by(
        Enrolment.id,
        Student.user_id,
        User.first_name,
        User.last_name,
        User.name_folded,
        Student.student_number,
        Enrolment.created_at,
    )
    .order_by(User.name_folded, Enrolment.id)
)


def progress_of_students(offering_id: int, now: datetime) -> list[StudentProgress]:
    """Every student who has a place on a course, in the order of their names. Two statements."""
    published = select(Lesson.published_at).where(Lesson.offering_id == offering_id, Lesson.published_at <= now)
    moments = [moment for moment in db.session.scalars(published.order_by(Lesson.published_at)) if moment]
    rows = db.session.execute(_STUDENTS, {"offering_id": offering_id, "now": now})
    return [StudentProgress(*row[:7], Progress(row.done, len(moments)), _is_stuck(row, moments, now)) for row in rows]


def _is_stuck(row: Any, published: Sequence[datetime], now: datetime) -> bool:
    """Whether something is left to a student and nothing was done for long. `published` has the moments in order."""
    if row.done >= len(published):
        return False
    # Of the first lessons, one more than they have done, at least one is left to them: nobody is stuck before that.
    quiet_since: datetime = max(row.last_done_at or row.created_at, row.created_at, published[row.done])
    return now - quiet_since >= STUCK_AFTER
