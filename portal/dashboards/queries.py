"""Reads that put several features on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, literal, select, union_all

from portal.accounts.models import Facilitator, Student, User
from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.catalogue.calendar import Break
from portal.catalogue.models import CalendarBreak, Mode, Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course as its student sees it; names are empty while nobody teaches it."""

    id: int
    title: str | None
    code: str | None
    module_name: str | None
    mode: str
    start_date: date
    end_date: date
    status: OfferingStatus
    first_name: str | None
    last_name: str | None

    @property
    def name(self) -> str:
        """What the course is called: its own title, else its module's."""
        return self.title or self.module_name or ""

    @property
    def facilitator(self) -> str:
        """Who teaches it."""
        return f"{self.first_name or ''} {self.last_name or ''}".strip()

    def standing(self, today: date) -> str:
        """Where the course stands on a day: cancelled, ended, coming or running."""
        if self.status is OfferingStatus.CANCELLED:
            return "cancelled"
        if self.status is OfferingStatus.COMPLETED or today > self.end_date:
            return "ended"
        return "coming" if today < self.start_date else "running"


_COURSES = (
    select(
        CourseOffering.id,
        CourseOffering.title,
        Module.code,
        Module.name,
        Mode.name,
        CourseOffering.start_date,
        CourseOffering.end_date,
        CourseOffering.status,
        User.first_name,
        User.last_name,
    )
    .join(Enrolment, Enrolment.offering_id == CourseOffering.id)
    .join(Student, Student.id == Enrolment.student_id)
    .join(Mode, Mode.id == CourseOffering.mode_id)
    .outerjoin(Module, Module.id == CourseOffering.module_id)
    .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
    .outerjoin(User, User.id == Facilitator.user_id)
    .order_by(CourseOffering.end_date.desc(), Module.code)
)


def list_courses_of(user_id: int) -> Sequence[CourseRow]:
    """The courses on which a student is enrolled, latest first. One statement."""
    shown = (EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED)
    rows: Sequence[Any] = db.session.execute(
        _COURSES.where(Student.user_id == user_id, Enrolment.status.in_(shown)).limit(200)
    ).all()
    return [CourseRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Term:
    """The dates that most running courses share, and the breaks within them."""

    trimester: int
    start: date
    end: date
    breaks: Sequence[Break]


def find_running_term(today: date) -> Term | None:
    """The term in which a day lies, by the courses that run on it; None when none does. One statement."""
    running = (
        select(CourseOffering.trimester, CourseOffering.start_date, CourseOffering.end_date)
        .where(
            CourseOffering.status.in_((OfferingStatus.ACTIVE, OfferingStatus.PLANNED)),
            CourseOffering.kind == OfferingKind.COHORT,
            CourseOffering.start_date <= today,
            CourseOffering.end_date >= today,
        )
        .group_by(CourseOffering.trimester, CourseOffering.start_date, CourseOffering.end_date)
        .order_by(func.count().desc(), CourseOffering.start_date, CourseOffering.end_date)
        .limit(1)
        .subquery()
    )
    # Breaks come in the same statement, with 0 for the trimester.
    pauses = select(literal(0), CalendarBreak.start_date, CalendarBreak.end_date)
    rows = db.session.execute(union_all(select(running), pauses)).all()
    breaks = [Break(start, end) for trimester, start, end in rows if trimester == 0]
    terms = [Term(trimester, start, end, breaks) for trimester, start, end in rows if trimester]
    return terms[0] if terms else None
