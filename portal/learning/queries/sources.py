"""Courses whose lessons somebody may copy."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from portal.allocations.models import CourseOffering
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db
from portal.learning.models import Lesson
from portal.learning.queries.access import Viewer, staffs

_MOST = 50
_COURSE = (
    CourseOffering.id,
    COURSE_NAME.label("name"),
    Module.code,
    ClassGroup.name.label("class_name"),
    CourseOffering.academic_year,
    CourseOffering.trimester,
)
_GROUPS = (
    CourseOffering.id,
    CourseOffering.title,
    Module.name,
    Module.code,
    ClassGroup.name,
    CourseOffering.academic_year,
    CourseOffering.trimester,
    CourseOffering.module_id,
)


@dataclass(frozen=True, slots=True)
class Source:
    """A course with lessons; `same_module` when it is the one asked for, held another time."""

    id: int
    name: str
    code: str | None
    class_name: str | None
    academic_year: int
    trimester: int
    lesson_count: int
    same_module: bool


def list_sources(offering_id: int, viewer: Viewer) -> Sequence[Source]:
    """Courses with lessons that the asker staffs, or of the same module, newest first, at most 50. One statement."""
    target = aliased(CourseOffering)
    module = select(target.module_id).where(target.id == offering_id).scalar_subquery()
    same = func.coalesce(CourseOffering.module_id == module, False).label("same_module")
    rows = db.session.execute(
        select(*_COURSE, func.count(Lesson.id), same)
        .join(Lesson, Lesson.offering_id == CourseOffering.id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .where(CourseOffering.id != offering_id, or_(staffs(viewer), CourseOffering.module_id == module))
        .group_by(*_GROUPS)
        .order_by(same.desc(), CourseOffering.academic_year.desc(), CourseOffering.trimester.desc(), CourseOffering.id)
        .limit(_MOST)
    )
    return [Source(*row[:7], bool(row.same_module)) for row in rows]
