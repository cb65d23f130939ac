"""What lessons say of one person, for the document that they may take with them. One statement each."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Select, func, select

from portal.accounts.models import Student
from portal.accounts.queries.personal_data import list_of
from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment
from portal.learning.models import Lesson, LessonAnswers, LessonCompletion, LessonVersion, StoredFile

Rows = list[dict[str, Any]]
_LESSON = (
    CourseOffering.id.label("course_id"),
    Module.code,
    func.coalesce(CourseOffering.title, Module.name).label("course"),
    Lesson.id.label("lesson_id"),
    Lesson.title.label("lesson"),
)


def _lessons(*columns: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*_LESSON, *columns)
        .select_from(Lesson)
        .join(CourseOffering, CourseOffering.id == Lesson.offering_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .order_by(Lesson.id)
    )


def _of_student(table: Any, user_id: int, *columns: Any) -> Rows:
    wanted = _lessons(*columns).join(table, table.lesson_id == Lesson.id)
    wanted = wanted.join(Enrolment, Enrolment.id == table.enrolment_id)
    return list_of(wanted.join(Student, Student.id == Enrolment.student_id).where(Student.user_id == user_id))


def list_lessons_done(user_id: int) -> Rows:
    """The lessons that a student has done, and when."""
    return _of_student(LessonCompletion, user_id, LessonCompletion.created_at)


def list_answers(user_id: int) -> Rows:
    """What a student answered in quick checks."""
    columns = (LessonAnswers.answers, LessonAnswers.passed_at, LessonAnswers.created_at, LessonAnswers.updated_at)
    return _of_student(LessonAnswers, user_id, *columns)


def list_lessons_written(user_id: int) -> Rows:
    """The lessons that a person changed last."""
    return list_of(_lessons(Lesson.updated_at).where(Lesson.updated_by == user_id))


def list_versions_written(user_id: int) -> Rows:
    """The texts of lessons that a person wrote."""
    columns = (LessonVersion.number, LessonVersion.title, LessonVersion.body, LessonVersion.note)
    wanted = _lessons(*columns, LessonVersion.created_at).join(LessonVersion, LessonVersion.lesson_id == Lesson.id)
    return list_of(wanted.where(LessonVersion.author_id == user_id))


def list_uploads(user_id: int) -> Rows:
    """The files that a person uploaded."""
    columns = (StoredFile.name, StoredFile.media_type, StoredFile.size, StoredFile.created_at)
    return list_of(select(*columns).where(StoredFile.uploaded_by == user_id).order_by(StoredFile.id))


SECTIONS: Mapping[str, Callable[[int], Rows]] = {
    "lessons_done": list_lessons_done,
    "quick_checks": list_answers,
    "lessons_written": list_lessons_written,
    "lesson_versions": list_versions_written,
    "uploads": list_uploads,
}
