"""Who was there: the sheet of one week, and each student's weeks of a course."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from portal.accounts.models import Student, User
from portal.accounts.names import full_name
from portal.enrolments.models import Enrolment
from portal.enrolments.services import HOLDS_A_PLACE
from portal.extensions import db
from portal.tracker.models import ActivityLog, Attendance, AttendanceState
from portal.tracker.queries.rows import Log

# A student who came late was there.
THERE = (AttendanceState.PRESENT, AttendanceState.LATE)


@dataclass(frozen=True, slots=True)
class Place:
    """One student on a week's sheet; `state` is None until somebody said it."""

    enrolment_id: int
    first_name: str
    last_name: str
    student_number: str
    state: AttendanceState | None

    @property
    def name(self) -> str:
        """The student's whole name."""
        return full_name(self.first_name, self.last_name)

    @property
    def initials(self) -> str:
        """The first letters of both names."""
        return (self.first_name[:1] + self.last_name[:1]).upper()


@dataclass(frozen=True, slots=True)
class StudentWeeks:
    """How a student's weeks of a course were; weeks without a word about them are not counted."""

    enrolment_id: int
    user_id: int
    first_name: str
    last_name: str
    student_number: str
    present: int
    late: int
    absent: int
    excused: int

    @property
    def name(self) -> str:
        """The student's whole name."""
        return full_name(self.first_name, self.last_name)

    @property
    def rate(self) -> int | None:
        """In how many of a hundred weeks they were there, late ones too, excused ones aside; None without a week."""
        return rate_of(self.present + self.late, self.absent)


def rate_of(there: int, absent: int) -> int | None:
    """Whole percent, rounded down so that 74.9 is below 75; None of nothing."""
    return 100 * there // (there + absent) if there + absent else None


def sheet_of(log: Log) -> Sequence[Place]:
    """The students of the course in the order of their names, and who was marked and has left since. One statement."""
    rows = db.session.execute(
        select(Enrolment.id, User.first_name, User.last_name, Student.student_number, Attendance.state)
        .join(Student, Student.id == Enrolment.student_id)
        .join(User, User.id == Student.user_id)
        .outerjoin(Attendance, and_(Attendance.enrolment_id == Enrolment.id, Attendance.tracker_id == log.id))
        .where(
            Enrolment.offering_id == log.offering_id,
            or_(Enrolment.status.in_(HOLDS_A_PLACE), Attendance.state.is_not(None)),
        )
        .order_by(User.name_folded, Enrolment.id)
    )
    return [Place(*row) for row in rows]


def weeks_of_students(offering_id: int) -> Sequence[StudentWeeks]:
    """Every student of a course with the sums of their weeks, in the order of their names. One statement."""
    sums = [_sum(state) for state in AttendanceState]
    rows = db.session.execute(
        select(Enrolment.id, Student.user_id, User.first_name, User.last_name, Student.student_number, *sums)
        .join(Student, Student.id == Enrolment.student_id)
        .join(User, User.id == Student.user_id)
        .outerjoin(Attendance, Attendance.enrolment_id == Enrolment.id)
        .where(Enrolment.offering_id == offering_id, Enrolment.status.in_(HOLDS_A_PLACE))
        .group_by(
            Enrolment.id, Student.user_id, User.first_name, User.last_name, User.name_folded, Student.student_number
        )
        .order_by(User.name_folded, Enrolment.id)
    )
    return [StudentWeeks(*row[:5], *map(int, row[5:])) for row in rows]


def marks_of(log_id: int) -> dict[int, AttendanceState]:
    """What a week says of each enrolment. One statement."""
    wanted = select(Attendance.enrolment_id, Attendance.state).where(
        Attendance.tracker_id == log_id, Attendance.enrolment_id.is_not(None)
    )
    return {enrolment_id: state for enrolment_id, state in db.session.execute(wanted) if enrolment_id is not None}


def names_of(enrolment_ids: Sequence[int]) -> dict[int, str]:
    """The names of students by enrolment, as they are by now. One statement."""
    rows = db.session.execute(
        select(Enrolment.id, User.first_name, User.last_name)
        .join(Student, Student.id == Enrolment.student_id)
        .join(User, User.id == Student.user_id)
        .where(Enrolment.id.in_(enrolment_ids))
    )
    return {row.id: full_name(row.first_name, row.last_name) for row in rows}


def count_weeks_taken(offering_id: int) -> int:
    """In how many weeks of a course attendance was taken. One statement."""
    wanted = select(func.count()).select_from(ActivityLog)
    return db.session.scalar(wanted.where(ActivityLog.allocation_id == offering_id, ActivityLog.roster_count > 0)) or 0


def _sum(state: AttendanceState) -> ColumnElement[int]:
    return func.sum(case((Attendance.state == state, 1), else_=0))
