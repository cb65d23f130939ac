"""The course whose reflections are looked at, as the head of its pages shows it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Mode, Module
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class AskedCourse:
    """A course with who teaches it."""

    id: int
    kind: OfferingKind
    name: str
    code: str | None
    class_name: str | None
    mode: str
    start_date: date
    end_date: date
    first_name: str | None
    last_name: str | None

    @property
    def facilitator(self) -> str:
        """The name of who teaches it; empty when nobody does."""
        return full_name(self.first_name, self.last_name)


_COURSES: Any = (
    select(
        CourseOffering.id, CourseOffering.kind, COURSE_NAME, Module.code,
        ClassGroup.name, Mode.name, CourseOffering.start_date, CourseOffering.end_date, User.first_name, User.last_name,
    )
    .join(Mode, Mode.id == CourseOffering.mode_id)
    .outerjoin(Module, Module.id == CourseOffering.module_id)
    .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
    .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
    .outerjoin(User, User.id == Facilitator.user_id)
)  # fmt: skip


def find_asked_course(offering_id: int, facilitator_id: int | None, *, manages: bool) -> AskedCourse | None:
    """A course for who teaches it, and for everyone who manages. One statement."""
    wanted = _COURSES.where(CourseOffering.id == offering_id)
    if not manages:
        wanted = wanted.where(CourseOffering.facilitator_id == facilitator_id)
    row = db.session.execute(wanted).one_or_none()
    return AskedCourse(*row) if row else None
