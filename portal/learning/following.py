"""Lessons follow their courses: they are copied with them, and keep them from being undone once they are worked on."""

from collections.abc import Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from portal.allocations.services.signals import offerings_copied, offerings_leaving
from portal.audit.services import Actor
from portal.bulk import in_chunks
from portal.extensions import db
from portal.learning.models import Lesson, LessonAttachment
from portal.learning.services.copying import copy_lessons_of


def init_following() -> None:
    """Listen to what becomes of courses."""
    offerings_copied.connect(_copy)
    offerings_leaving.connect(_find_worked_on)


def _copy(_sender: object, pairs: Mapping[int, int], by: Actor) -> None:
    copy_lessons_of(pairs, by)


def _find_worked_on(_sender: object, offering_ids: Sequence[int]) -> set[int]:
    """Courses with a lesson that is no mere copy any more: it was written, changed, published, or got a file."""
    theirs = aliased(LessonAttachment)
    of_source = select(theirs.file_id).where(theirs.lesson_id == Lesson.source_id).correlate(Lesson)
    own_file = select(LessonAttachment.lesson_id).where(
        LessonAttachment.lesson_id == Lesson.id, LessonAttachment.file_id.not_in(of_source)
    )
    worked_on = or_(Lesson.source_id.is_(None), Lesson.version > 1, Lesson.published_at.is_not(None), own_file.exists())
    found: set[int] = set()
    for part in in_chunks(offering_ids):
        found |= set(db.session.scalars(select(Lesson.offering_id).where(Lesson.offering_id.in_(part), worked_on)))
    return found
