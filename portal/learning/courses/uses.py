"""The files that the pages of courses keep."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_

from portal.allocations.models import CourseOffering, OfferingKind
from portal.learning import uses
from portal.learning.courses.models import CoursePage
from portal.learning.models import StoredFile
from portal.learning.queries.access import Viewer, staffs, studies


def init_uses() -> None:
    """Say that covers are kept, and who may see them."""
    uses.register("covers", uses.Use(_is_cover, _is_cover_of_theirs))


def _is_cover() -> ColumnElement[bool]:
    return exists().where(CoursePage.cover_id == StoredFile.id)


def _is_cover_of_theirs(viewer: Viewer, _now: datetime) -> ColumnElement[bool]:
    """Of an open course that is published anyone may see it; else its staff, and who is on it."""
    is_open = and_(CourseOffering.kind == OfferingKind.OPEN, CourseOffering.archived_at.is_(None))
    is_published = CourseOffering.published_at.is_not(None)
    return exists().where(
        CoursePage.cover_id == StoredFile.id,
        CourseOffering.id == CoursePage.offering_id,
        or_(staffs(viewer), and_(is_published, or_(is_open, studies(viewer)))),
    )
