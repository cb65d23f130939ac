"""Courses as lists show them: a student's own, the catalogue's, those that somebody writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from portal.accounts.models import Facilitator, Student, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.allocations.queries.listing import RUNNING
from portal.catalogue.models import ClassGroup, Mode, Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.queries.own import POSITION
from portal.extensions import db
from portal.learning.courses.models import CoursePage
from portal.learning.queries import Viewer

MOST = 200


@dataclass(frozen=True, slots=True)
class CourseCard:
    """A course as a list shows it; names are empty while nobody teaches it."""

    id: int
    kind: OfferingKind
    name: str
    code: str | None
    class_name: str | None
    mode: str
    start_date: date
    end_date: date
    status: OfferingStatus
    published_at: datetime | None
    archived_at: datetime | None
    places: int
    enrolled: int
    waiting: int
    facilitator_id: int | None
    first_name: str | None
    last_name: str | None
    summary: str | None
    cover_id: int | None
    cover_alt: str | None

    @property
    def facilitator(self) -> str:
        """Who teaches it."""
        return full_name(self.first_name, self.last_name)

    @property
    def is_open(self) -> bool:
        """Whether students join it by themselves."""
        return self.kind is OfferingKind.OPEN

    @property
    def free(self) -> int:
        """How many places nobody has; none while somebody waits."""
        return 0 if self.waiting else max(0, self.places - self.enrolled)

    def standing(self, today: date) -> str:
        """Where the course stands on a day: cancelled, ended, coming or running."""
        if self.status is OfferingStatus.CANCELLED:
            return "cancelled"
        if self.status is OfferingStatus.COMPLETED or today > self.end_date:
            return "ended"
        return "coming" if today < self.start_date else "running"

    @property
    def publishing(self) -> str:
        """How its page stands: draft, published or archived."""
        if self.archived_at is not None:
            return "archived"
        return "draft" if self.published_at is None else "published"


@dataclass(frozen=True, slots=True)
class OwnCourse:
    """A course with one's own enrolment on it; `position` is that on the waiting list, 0 off it."""

    card: CourseCard
    enrolment_id: int
    status: EnrolmentStatus
    completed_at: datetime | None
    position: int


NAME = func.coalesce(func.nullif(CourseOffering.title, ""), Module.name, "")
CARD: tuple[Any, ...] = (
    CourseOffering.id, CourseOffering.kind, NAME.label("name"), Module.code,
    ClassGroup.name.label("class_name"), Mode.name.label("mode"),
    CourseOffering.start_date, CourseOffering.end_date, CourseOffering.status, CourseOffering.published_at,
    CourseOffering.archived_at, CourseOffering.max_students, CourseOffering.enrolled_count,
    CourseOffering.waiting_count, CourseOffering.facilitator_id, User.first_name, User.last_name,
    CourseOffering.summary, CoursePage.cover_id, CoursePage.cover_alt,
)  # fmt: skip
_WIDTH = len(CARD)


def with_course(statement: Select[Any]) -> Select[Any]:
    """The joins that the columns of a card need, from course offerings outwards."""
    return (
        statement.join(Mode, Mode.id == CourseOffering.mode_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
        .outerjoin(User, User.id == Facilitator.user_id)
        .outerjoin(CoursePage, CoursePage.offering_id == CourseOffering.id)
    )


def card_of(row: Sequence[Any]) -> CourseCard:
    """A card from the columns of CARD, which come first in a row."""
    return CourseCard(*row[:_WIDTH])


_OWN = with_course(
    select(*CARD, Enrolment.id, Enrolment.status, Enrolment.completed_at, POSITION)
    .join(Enrolment, Enrolment.offering_id == CourseOffering.id)
    .join(Student, Student.id == Enrolment.student_id)
).order_by(CourseOffering.end_date.desc(), NAME, CourseOffering.id)


def list_own_courses(user_id: int) -> Sequence[OwnCourse]:
    """The courses that a student takes, took or waits for, latest first. One statement."""
    shown = (EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED, EnrolmentStatus.WAITLISTED)
    wanted = _OWN.where(Student.user_id == user_id, Enrolment.status.in_(shown)).limit(MOST)
    return [OwnCourse(card_of(row), *row[_WIDTH:]) for row in db.session.execute(wanted)]


def list_written_courses(viewer: Viewer) -> Sequence[CourseCard]:
    """The courses whose pages somebody writes, open ones first; for managers every open course. One statement."""
    mine = CourseOffering.facilitator_id == viewer.facilitator_id
    own = and_(mine, or_(CourseOffering.kind == OfferingKind.OPEN, CourseOffering.status.in_(RUNNING)))
    everything = CourseOffering.kind == OfferingKind.OPEN
    which = everything if viewer.manages and viewer.facilitator_id is None else own
    if viewer.manages and viewer.facilitator_id is not None:
        which = or_(own, everything)
    wanted = with_course(select(*CARD)).where(which)
    order = (CourseOffering.kind.desc(), CourseOffering.archived_at.is_not(None), CourseOffering.id.desc())
    return [card_of(row) for row in db.session.execute(wanted.order_by(*order).limit(MOST))]
