"""A lesson as students read it, what they answer at its end, and that they have done it."""

from collections.abc import Sequence

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.learning import queries
from portal.learning.markdown import RENDERER, render
from portal.learning.queries import CourseHead
from portal.learning.queries.files import FileRow, list_files
from portal.learning.queries.lessons import LessonText, find_reading
from portal.learning.routes.blueprint import LESSON, bp
from portal.learning.routes.common import READERS, lesson_of, not_found, viewer
from portal.learning.services.checks import answer as keep_answer
from portal.learning.services.completing import mark_done, mark_not_done
from portal.web.access import everyone, owned
from portal.web.htmx import fragment, is_htmx
from portal.web.pages import page


@bp.get(LESSON)
@everyone
@owned(READERS)
def read(offering_id: int, lesson_id: int) -> str:
    """A lesson with what comes before and after it."""
    return _page(*_reading(offering_id, lesson_id))


@bp.post(f"{LESSON}/done")
@everyone
@owned(READERS)
def set_done(offering_id: int, lesson_id: int) -> BaseResponse | tuple[str, int]:
    """Mark a lesson as done, and go on to the next; or take that back."""
    course, lesson = _reading(offering_id, lesson_id)
    if course.enrolment_id is None:
        not_found()
    if request.form.get("done") == "0":
        mark_not_done(lesson_id, course.enrolment_id)
        db.session.commit()
        return redirect(url_for("lessons.read", offering_id=offering_id, lesson_id=lesson_id), 303)
    try:
        mark_done(lesson, course.enrolment_id)
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        flash(str(error), "problem")
        return _page(course, lesson), error.status
    return _go_on(course, lesson)


@bp.post(f"{LESSON}/check/<question_id>")
@everyone
@owned(READERS)
def answer(offering_id: int, lesson_id: int, question_id: str) -> BaseResponse | str | tuple[str, int]:
    """An answer to a question, and at once whether it is right and why."""
    course, lesson = _reading(offering_id, lesson_id)
    if course.enrolment_id is None:
        not_found()
    fault, status = None, 200
    try:
        keep_answer(lesson, question_id[:20], request.form.getlist("answer"), course.enrolment_id)
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        fault, status = str(error), error.status
    lesson = lesson_of(course, lesson_id)
    if not is_htmx() and fault is None:
        place = url_for("lessons.read", offering_id=offering_id, lesson_id=lesson_id)
        return redirect(f"{place}#question-{question_id}", 303)
    faults = {question_id: fault} if fault else {}
    if is_htmx():
        return fragment("learning/_check.html", status, course=course, lesson=lesson, faults=faults)
    return _page(course, lesson, faults), status


def _reading(offering_id: int, lesson_id: int) -> tuple[CourseHead, LessonText]:
    return find_reading(offering_id, lesson_id, viewer(), clock.now()) or not_found()


def _go_on(course: CourseHead, lesson: LessonText) -> BaseResponse:
    """To the lesson after this one; to this one again where it was the last."""
    titles = queries.list_lessons(course.id, clock.now(), course.enrolment_id)
    ids = [one.id for one in titles]
    at = ids.index(lesson.id) if lesson.id in ids else len(ids)
    following = ids[at + 1] if at + 1 < len(ids) else lesson.id
    left = sum(not one.is_done for one in titles)
    flash(_("“%(title)s” is done.", title=lesson.title) if left else _("That was the last one: all is done."), "done")
    return redirect(url_for("lessons.read", offering_id=course.id, lesson_id=following), 303)


def _page(course: CourseHead, lesson: LessonText, faults: dict[str, str] | None = None) -> str:
    is_staff = course.is_staffed_by(viewer())
    titles = queries.list_lessons(course.id, clock.now(), course.enrolment_id, everything=is_staff)
    files = list_files(lesson.id)
    at = next((place for place, one in enumerate(titles) if one.id == lesson.id), 0)
    return page(
        "learning/lesson.html",
        course=course,
        lesson=lesson,
        html=_html(lesson, files),
        lessons=titles,
        before=titles[at - 1] if at else None,
        after=titles[at + 1] if at + 1 < len(titles) else None,
        files=files,
        is_staff=is_staff,
        faults=faults or {},
    )


def _html(lesson: LessonText, files: Sequence[FileRow]) -> str:
    """The text as it was made when it was saved; made anew where that was done by an older renderer."""
    if lesson.renderer == RENDERER:
        return lesson.html
    return render(lesson.body, [file.ref for file in files]).html
