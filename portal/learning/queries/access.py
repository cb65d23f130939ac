"""Who may read and who may write the lessons of a course; what is not theirs is not there."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from portal.accounts.models import Facilitator, Student, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Mode, Module
from portal.enrolments.models import Enrolment
from portal.enrolments.services import HOLDS_A_PLACE
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: their account (None for a stranger), the facilitator that they are, whether they manage."""

    user_id: int | None
    facilitator_id: int | None = None
    manages: bool = False


@dataclass(frozen=True, slots=True)
class CourseHead:
    """A course as the head of its pages shows it. `enrolment_id` is the asker's own, if they study it."""

    id: int
    kind: OfferingKind
    name: str
    code: str | None
    class_name: str | None
    mode: str
    status: OfferingStatus
    start_date: date
    end_date: date
    academic_year: int
    trimester: int
    facilitator_id: int | None
    first_name: str | None
    last_name: str | None
    enrolment_id: int | None

    @property
    def facilitator(self) -> str:
        """The name of who teaches it; empty when nobody does."""
        return full_name(self.first_name, self.last_name)

    def is_staffed_by(self, viewer: Viewer) -> bool:
        """Whether somebody may write its lessons."""
        return viewer.manages or (viewer.facilitator_id is not None and viewer.facilitator_id == self.facilitator_id)


def staffs(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the asker may write in `course_offerings`: who teaches it, and whoever manages."""
    if viewer.manages:
        return true()
    return false() if viewer.facilitator_id is None else CourseOffering.facilitator_id == viewer.facilitator_id


def studies(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the asker has a place on `course_offerings`: active, or completed."""
    mine = (
        select(Enrolment.id)
        .join(Student, Student.id == Enrolment.student_id)
        .where(
            Enrolment.offering_id == CourseOffering.id,
            Student.user_id == viewer.user_id,
            Enrolment.status.in_(HOLDS_A_PLACE),
        )
    )
    return mine.exists() if viewer.user_id is not None else false()


COURSE_COLUMNS = (
    CourseOffering.id,
    CourseOffering.kind,
    COURSE_NAME.label("name"),
    Module.code,
    ClassGroup.name.label("class_name"),
    Mode.name.label("mode"),
    CourseOffering.status,
    CourseOffering.start_date,
    CourseOffering.end_date,
    CourseOffering.academic_year,
    CourseOffering.trimester,
    CourseOffering.facilitator_id,
    User.first_name,
    User.last_name,
)


def course_for(offering_id: int, viewer: Viewer) -> tuple[Select[*tuple[Any, ...]], ColumnElement[Any]]:
    """The columns of a `CourseHead`, for whoever studies or staffs the course; and the asker's enrolment within it."""
    mine = (
        select(Enrolment.id, Enrolment.offering_id)
        .join(Student, Student.id == Enrolment.student_id)
        .where(Student.user_id == viewer.user_id, Enrolment.status.in_(HOLDS_A_PLACE))
        .subquery()
    )
    wanted = (
        select(*COURSE_COLUMNS, mine.c.id.label("enrolment_id"))
        .select_from(CourseOffering)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .join(Mode, Mode.id == CourseOffering.mode_id)
        .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
        .outerjoin(User, User.id == Facilitator.user_id)
        .outerjoin(mine, mine.c.offering_id == CourseOffering.id)
        .where(CourseOffering.id == offering_id, or_(staffs(viewer), mine.c.id.is_not(None)))
    )
    return wanted, mine.c.id


def find_course(offering_id: int, viewer: Viewer) -> CourseHead | None:
    """A course whose published lessons the asker may read, or all of them as its staff. One statement."""
    wanted, _enrolment_id = course_for(offering_id, viewer)
    row = db.session.execute(wanted).one_or_none()
    return CourseHead(**row._mapping) if row else None


def find_staffed_course(offering_id: int, viewer: Viewer) -> CourseHead | None:
    """A course whose lessons the asker may write. One statement."""
    found = find_course(offering_id, viewer)
    return found if found and found.is_staffed_by(viewer) else None


def may_read(viewer: Viewer, is_published: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the asker may read a lesson of `course_offerings`: staff all, students what is published."""
    return or_(staffs(viewer), and_(studies(viewer), is_published))
