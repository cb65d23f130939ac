"""What stands in a person's calendar, as plain rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from portal.accounts.models import Facilitator, Student, User
from portal.accounts.queries.personal_data import list_of
from portal.allocations.models import CourseOffering, Meeting, OfferingStatus
from portal.catalogue.models import ClassGroup, Mode, Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.exchange.feeds.models import CalendarFeed
from portal.extensions import db
from portal.tracker.models import ActivityLog


@dataclass(frozen=True, slots=True)
class FeedOwner:
    """Whose calendar it is."""

    user_id: int
    locale: str


@dataclass(frozen=True, slots=True)
class CourseDates:
    """A course that a person teaches or is on."""

    id: int
    start: date
    end: date
    status: OfferingStatus
    title: str | None
    code: str | None
    name: str | None
    group: str | None
    changed_at: datetime
    # Whether the person teaches it, and it wants weekly logs; null for one that nobody teaches.
    owes: bool | None

    @property
    def label(self) -> str:
        """What people call it."""
        return " · ".join(part for part in (self.code, self.title or self.name, self.group) if part)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a weekly log is due, and what became of it."""

    # None where the log is gone with its course.
    id: int | None
    offering_id: int
    week: int
    week_start: date
    due_at: datetime
    submitted_at: datetime | None
    excused_at: datetime | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class MeetingTime:
    """When a course meets each week, in the institution's local time."""

    id: int
    offering_id: int
    weekday: int
    starts_at: time
    ends_at: time
    room: str
    changed_at: datetime


def find_owner(token_hash: str) -> FeedOwner | None:
    """Whose calendar has this address; None when it was ended, or its owner may not come in any more. One statement."""
    wanted = (
        select(User.id, User.locale)
        .join(CalendarFeed, CalendarFeed.user_id == User.id)
        .where(CalendarFeed.token_hash == token_hash, User.is_active, User.is_confirmed)
    )
    row = db.session.execute(wanted).one_or_none()
    return FeedOwner(*row) if row else None


def made_at(user_id: int) -> datetime | None:
    """When the address was made; None without one. One statement."""
    return db.session.scalar(select(CalendarFeed.created_at).where(CalendarFeed.user_id == user_id))


def list_own_feed(user_id: int) -> list[dict[str, Any]]:
    """That there is an address, for the document that a person may take with them. One statement."""
    return list_of(select(CalendarFeed.created_at).where(CalendarFeed.user_id == user_id))


def list_courses(user_id: int, since: date) -> list[CourseDates]:
    """The courses that a person teaches, owes a log of, or is on, and that ended not before `since`. One statement."""
    owes = and_(CourseOffering.facilitator_id.in_(_teacher(user_id)), Mode.expects_weekly_log)
    wanted: Any = (
        select(CourseOffering.id, CourseOffering.start_date, CourseOffering.end_date, CourseOffering.status,
               CourseOffering.title, Module.code, Module.name, ClassGroup.name, CourseOffering.updated_at, owes)
        .join(Mode, Mode.id == CourseOffering.mode_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .where(or_(*_theirs(user_id)), CourseOffering.end_date >= since)
        .order_by(CourseOffering.start_date, CourseOffering.id)
    )  # fmt: skip
    return [CourseDates(*row) for row in db.session.execute(wanted)]


def list_deadlines(user_id: int, since: date) -> list[Deadline]:
    """The weekly logs that a person owes or owed, of weeks from `since` on. One statement."""
    wanted = (
        select(ActivityLog.id, ActivityLog.allocation_id, ActivityLog.week_number, ActivityLog.week_start,
               ActivityLog.due_at, ActivityLog.submitted_at, ActivityLog.excused_at, ActivityLog.updated_at)
        .where(ActivityLog.facilitator_id.in_(_teacher(user_id)), ActivityLog.week_start >= since)
        .order_by(ActivityLog.due_at, ActivityLog.id)
    )  # fmt: skip
    return [Deadline(*row) for row in db.session.execute(wanted)]


def list_times(offering_ids: Sequence[int]) -> list[MeetingTime]:
    """When these courses meet. One statement, none without courses."""
    if not offering_ids:
        return []
    wanted = select(Meeting.id, Meeting.offering_id, Meeting.weekday, Meeting.starts_at, Meeting.ends_at, Meeting.room,
                    Meeting.updated_at).where(Meeting.offering_id.in_(offering_ids))  # fmt: skip
    return [MeetingTime(*row) for row in db.session.execute(wanted.order_by(Meeting.id))]


def _teacher(user_id: int) -> Any:
    return select(Facilitator.id).where(Facilitator.user_id == user_id).scalar_subquery()


def _theirs(user_id: int) -> Sequence[ColumnElement[bool]]:
    holds = Enrolment.status.in_((EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED))
    on = select(Enrolment.offering_id).join(Student, Student.id == Enrolment.student_id)
    owed = select(ActivityLog.allocation_id).where(ActivityLog.facilitator_id.in_(_teacher(user_id)))
    return (
        CourseOffering.facilitator_id.in_(_teacher(user_id)),
        CourseOffering.id.in_(on.where(Student.user_id == user_id, holds)),
        CourseOffering.id.in_(owed),
    )
