"""One course as its page shows it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select

from portal.accounts.models import Student
from portal.allocations.models import CourseOffering, OfferingKind
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.queries import OwnEnrolment
from portal.enrolments.queries.own import OWN_COLUMNS
from portal.extensions import db
from portal.learning.courses.models import CoursePage
from portal.learning.courses.queries.cards import CARD, CourseCard, card_of, with_course
from portal.learning.queries import Viewer
from portal.learning.queries.access import staffs

_MORE = (CourseOffering.enrolment_policy, CourseOffering.version, CourseOffering.academic_year,
         CourseOffering.trimester, CourseOffering.cohort_id, CourseOffering.title, CoursePage.syllabus)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course as somebody may see it: its card and page, their own enrolment, and whether they are its staff."""

    card: CourseCard
    policy: str
    version: int
    academic_year: int
    trimester: int
    cohort_id: int | None
    title: str | None
    syllabus_or_none: str | None
    is_staff: bool
    own: OwnEnrolment | None

    @property
    def syllabus(self) -> str:
        """The syllabus as it was written; empty without."""
        return self.syllabus_or_none or ""

    @property
    def has_own_title(self) -> bool:
        """Whether it is called otherwise than its module."""
        return bool(self.title)

    @property
    def is_on_it(self) -> bool:
        """Whether the asker takes the course or took it."""
        return self.own is not None and self.own.holds_a_place

    @property
    def shows_text(self) -> bool:
        """Whether summary, syllabus and picture are there to be seen: once they are published, or for who writes."""
        return self.is_staff or self.card.published_at is not None

    def takes_students(self, today: date) -> bool:
        """Whether students can enrol by themselves."""
        card = self.card
        fitting = card.is_open and card.publishing == "published" and self.policy == "open"
        return fitting and card.standing(today) in {"coming", "running"}


def find_course_view(offering_id: int, viewer: Viewer) -> CourseView | None:
    """A course that somebody may see: its staff, who is on its roster, and everyone an open one that is published.

    One statement.
    """
    mine = and_(
        Enrolment.offering_id == CourseOffering.id,
        Enrolment.status != EnrolmentStatus.WITHDRAWN,
        Enrolment.student_id.in_(select(Student.id).where(Student.user_id == (viewer.user_id or 0))),
    )
    public = and_(
        CourseOffering.kind == OfferingKind.OPEN,
        CourseOffering.published_at.is_not(None),
        CourseOffering.archived_at.is_(None),
    )
    staff = staffs(viewer)
    wanted = (
        with_course(select(*CARD, *_MORE, staff.label("is_staff"), *OWN_COLUMNS))
        .outerjoin(Enrolment, mine)
        .where(CourseOffering.id == offering_id, or_(staff, Enrolment.id.is_not(None), public))
    )
    row = db.session.execute(wanted).one_or_none()
    if row is None:
        return None
    width = len(CARD)
    is_staff, *own = row[width + len(_MORE) :]
    enrolment = OwnEnrolment(*own) if own[0] else None
    values: list[Any] = [card_of(row), *row[width : width + len(_MORE)], bool(is_staff), enrolment]
    return CourseView(*values)
