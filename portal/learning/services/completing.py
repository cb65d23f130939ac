"""A student has done a lesson, or has not after all."""

from typing import cast

from sqlalchemy import Table, delete, insert
from sqlalchemy.exc import IntegrityError

from portal.database import IN_PLACE
from portal.errors import DomainError, lazy
from portal.extensions import db
from portal.learning.models import LessonCompletion
from portal.learning.queries.lessons import LessonText
from portal.learning.signals import lesson_done

_DONE = cast(Table, LessonCompletion.__table__)


def mark_done(lesson: LessonText, enrolment_id: int) -> bool:
    """Note that a lesson is done, once; False when it was already. One statement.

    Raises DomainError while its quick check counts and is not passed.
    """
    if lesson.check_counts and lesson.questions and lesson.passed_at is None and lesson.done_at is None:
        raise DomainError(lazy("Answer all questions of the quick check first: this lesson counts them."), "check")
    return note_done(lesson.id, lesson.offering_id, enrolment_id)


def note_done(lesson_id: int, offering_id: int, enrolment_id: int) -> bool:
    """The same without asking whether it may be."""
    try:
        with db.session.begin_nested():
            db.session.execute(insert(_DONE), [{"lesson_id": lesson_id, "enrolment_id": enrolment_id}])
    except IntegrityError:  # in another tab, a moment ago; or the lesson was deleted meanwhile
        return False
    lesson_done.send(None, offering_id=offering_id, enrolment_id=enrolment_id)
    return True


def mark_not_done(lesson_id: int, enrolment_id: int) -> bool:
    """Take back that a lesson is done; False when it was not. One statement."""
    mine = delete(LessonCompletion).where(
        LessonCompletion.lesson_id == lesson_id, LessonCompletion.enrolment_id == enrolment_id
    )
    done = db.write(mine.execution_options(**IN_PLACE))
    return bool(done)
