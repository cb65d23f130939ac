"""One course as its form needs it."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.queries.references import keys_of
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class CourseSheet:
    """A course with its version and the keys of its parts: "module", "class", "cohort" and "mode"."""

    course: CourseOffering
    keys: Mapping[str, str]

    @property
    def version(self) -> int:
        """The version that was read."""
        return self.course.version

    @property
    def is_open(self) -> bool:
        """Whether students join it themselves: it needs neither module nor class nor cohort."""
        return self.course.kind is OfferingKind.OPEN


def find_sheet(offering_id: int) -> CourseSheet | None:
    """A course as it stands; None when there is no such one. Five statements."""
    course = db.session.get(CourseOffering, offering_id, populate_existing=True)
    if course is None:
        return None
    return CourseSheet(course, keys_of(course.module_id, course.class_id, course.cohort_id, course.mode_id))
