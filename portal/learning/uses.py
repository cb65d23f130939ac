"""What files are for: whoever keeps one says so here, and who may read it. A file that nobody keeps is deleted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_

from portal.allocations.models import CourseOffering
from portal.learning.models import Lesson, LessonAttachment, StoredFile
from portal.learning.queries.access import Viewer, may_read


@dataclass(frozen=True, slots=True)
class Use:
    """A way of keeping files, as conditions on a row of `stored_files` that a statement selects.

    `is_kept()` holds for a file that is kept so; `may_read(viewer, now)` for one that this person may open for it.
    """

    is_kept: Callable[[], ColumnElement[bool]]
    may_read: Callable[[Viewer, datetime], ColumnElement[bool]]


_uses: dict[str, Use] = {}


def register(name: str, use: Use) -> None:
    """Make a use known; doing so again changes nothing."""
    _uses[name] = use


def is_kept() -> ColumnElement[bool]:
    """Whether anybody keeps the file."""
    return or_(*(use.is_kept() for use in _uses.values()))


def is_open_to(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    """Whether the person may open the file for any of its uses."""
    return or_(*(use.may_read(viewer, now) for use in _uses.values()))


def _in_a_lesson() -> ColumnElement[bool]:
    return exists().where(LessonAttachment.file_id == StoredFile.id)


def _in_a_lesson_of_theirs(viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    return exists().where(
        LessonAttachment.file_id == StoredFile.id,
        Lesson.id == LessonAttachment.lesson_id,
        CourseOffering.id == Lesson.offering_id,
        may_read(viewer, Lesson.published_at <= now),
    )


register("lessons", Use(_in_a_lesson, _in_a_lesson_of_theirs))
