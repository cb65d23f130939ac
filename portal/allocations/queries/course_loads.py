"""What one course is for who teaches it."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class CourseLoad:
    """What one course is for who teaches it, with every input."""

    id: int
    title: str | None
    module_name: str | None
    module_code: str | None
    class_name: str | None
    mode: str
    credits: int
    students: int
    is_planned: bool  # nobody is enrolled yet: the places count
    is_first: bool
    mode_percent: int
    minutes: int
    override: int | None
    reason: str | None
    author: str
    is_elsewhere: bool = False  # of a department that the reader does not answer for

    @property
    def name(self) -> str:
        """Its own title, else its module's name."""
        return self.title or self.module_name or ""

    @property
    def code(self) -> str:
        """Module code and class."""
        return " · ".join(part for part in (self.module_code, self.class_name) if part)


def course_load_of(row: Any) -> CourseLoad:
    """A course from a row of its fields, first and last name of who set it by hand, and whether it is elsewhere."""
    *values, first, last, elsewhere = row
    found = CourseLoad(*[*values, f"{first or ''} {last or ''}".strip()])
    if not elsewhere:
        return found
    return replace(found, title=None, module_name=None, module_code=None, class_name=None, reason=None, author="",
                   is_elsewhere=True)  # fmt: skip
