"""The quick check of a lesson, as its author writes it."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.learning.forms import QuestionForm
from portal.learning.queries.lessons import LessonText
from portal.learning.routes.blueprint import LESSON, bp
from portal.learning.routes.common import STAFF, lesson_of, not_found, staffed_course
from portal.learning.services import checks
from portal.learning.services.lessons import locked_lesson
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.pages import page

_CHECK = f"{LESSON}/questions"
Answer = BaseResponse | str | tuple[str, int]


@bp.get(_CHECK)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def questions(offering_id: int, lesson_id: int) -> str:
    """All questions, and the form for one: a new one, or the one that `question` in the address names."""
    course = staffed_course(offering_id)
    lesson = lesson_of(course, lesson_id)
    chosen = _question(lesson, request.args.get("question"))
    return page("learning/questions.html", course=course, lesson=lesson, chosen=chosen, form=QuestionForm.of(chosen))


@bp.post(_CHECK)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def save_question(offering_id: int, lesson_id: int) -> Answer:
    """Add a question, or change the one that `question` names."""
    course = staffed_course(offering_id)
    lesson = lesson_of(course, lesson_id)
    wanted = request.form.get("question") or None
    chosen = _question(lesson, wanted)
    form = QuestionForm.of(chosen, request.form)
    if not form.validate():
        return page("learning/questions.html", course=course, lesson=lesson, chosen=chosen, form=form), 422
    try:
        checks.save_question(locked_lesson(lesson_id, offering_id), wanted, form.draft(), actor())
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return page("learning/questions.html", course=course, lesson=lesson, chosen=chosen, form=form), error.status
    flash(_("The question is saved."), "done")
    return _back(offering_id, lesson_id)


@bp.post(f"{_CHECK}/remove")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def remove_question(offering_id: int, lesson_id: int) -> BaseResponse:
    """Take a question away."""
    staffed_course(offering_id)
    if checks.remove_question(locked_lesson(lesson_id, offering_id), request.form.get("question", ""), actor()):
        db.session.commit()
        flash(_("The question is removed."), "done")
    return _back(offering_id, lesson_id)


@bp.post(f"{_CHECK}/counts")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def set_check_counts(offering_id: int, lesson_id: int) -> BaseResponse:
    """Say whether the lesson is done only when all is answered right."""
    staffed_course(offering_id)
    checks.set_check_counts(locked_lesson(lesson_id, offering_id), request.form.get("counts") == "1", actor())
    db.session.commit()
    return _back(offering_id, lesson_id)


def _question(lesson: LessonText, question_id: str | None) -> Mapping[str, Any] | None:
    if question_id is None:
        return None
    return next((one for one in lesson.questions if one["id"] == question_id), None) or not_found()


def _back(offering_id: int, lesson_id: int) -> BaseResponse:
    return redirect(url_for("lessons.questions", offering_id=offering_id, lesson_id=lesson_id), 303)
