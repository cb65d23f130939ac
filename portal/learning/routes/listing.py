"""The lessons of a course as its staff see them: their order, how each stands, and short deeds."""

import re

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.extensions import db
from portal.learning import queries
from portal.learning.queries import CourseHead, LessonTitle
from portal.learning.routes.blueprint import LESSON, bp
from portal.learning.routes.common import STAFF, staffed_course, to_list
from portal.learning.services import lessons
from portal.learning.services.lessons import LessonDraft
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.htmx import fragment, is_htmx
from portal.web.pages import page

_ID = re.compile(r"[1-9]\d{0,9}", re.ASCII)


@bp.get("/")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def index(offering_id: int) -> str:
    """All lessons in their order, with how each stands and how many students have done it."""
    course = staffed_course(offering_id)
    return page("learning/lessons.html", course=course, lessons=queries.list_for_staff(offering_id, clock.now()))


@bp.post(f"{LESSON}/move")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def move(offering_id: int, lesson_id: int) -> BaseResponse:
    """One place up or down."""
    course = staffed_course(offering_id)
    lessons.locked_lesson(lesson_id, offering_id)
    order = [one.id for one in queries.list_for_staff(offering_id, clock.now())]
    at = order.index(lesson_id)
    to = at - 1 if request.form.get("to") == "up" else at + 1
    if 0 <= to < len(order):
        order[at], order[to] = order[to], order[at]
        lessons.put_in_order(offering_id, order, actor())
        db.session.commit()
    return _listed(course, lesson_id)


@bp.post("/order")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def reorder(offering_id: int) -> BaseResponse:
    """The whole order at once, as somebody dragged it: ids with commas."""
    course = staffed_course(offering_id)
    wanted = [int(text) for text in request.form.get("order", "")[:5000].split(",") if _ID.fullmatch(text)]
    lessons.put_in_order(offering_id, wanted, actor())
    db.session.commit()
    return _listed(course)


@bp.post(f"{LESSON}/publishing")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def publish(offering_id: int, lesson_id: int) -> BaseResponse:
    """Publish a lesson now, or make it a draft again."""
    course = staffed_course(offering_id)
    lesson = lessons.locked_lesson(lesson_id, offering_id)
    wanted = clock.now() if request.form.get("published") == "1" else None
    if wanted is None or lesson.published_at is None or lesson.published_at > wanted:
        lessons.change_lesson(lesson, LessonDraft(lesson.title, lesson.body, wanted), None, actor())
        db.session.commit()
    return _listed(course, lesson_id)


@bp.post(f"{LESSON}/delete")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def delete(offering_id: int, lesson_id: int) -> BaseResponse:
    """Delete a lesson, with what students did of it."""
    staffed_course(offering_id)
    lesson = lessons.locked_lesson(lesson_id, offering_id)
    lessons.delete_lesson(lesson, actor())
    db.session.commit()
    flash(_("“%(title)s” is deleted.", title=lesson.title), "done")
    return to_list(offering_id)


def _listed(course: CourseHead, lesson_id: int | None = None) -> BaseResponse:
    """The list as it is by now: alone for htmx, else its page."""
    if not is_htmx():
        return to_list(course.id, lesson_id)
    found: list[LessonTitle] = queries.list_for_staff(course.id, clock.now())
    return fragment("learning/_rows.html", course=course, lessons=found)
