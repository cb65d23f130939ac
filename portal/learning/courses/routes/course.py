"""A course's page, and a student's deeds on it."""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from portal import clock
from portal.enrolments.services import AlreadyEnrolled, join_course, withdraw_students
from portal.errors import NotAllowed
from portal.extensions import db
from portal.learning.courses.queries import CourseView, find_course_view
from portal.learning.courses.routes.blueprint import bp
from portal.learning.courses.routes.common import ONE, viewer_now
from portal.learning.markdown import render
from portal.learning.queries import list_lessons, progress_of
from portal.roles import Role
from portal.web.access import actor, audience, everyone, owned, shared
from portal.web.locale import present_day
from portal.web.pages import anyones_page


@bp.get(ONE)
@everyone
@owned("who is on the course or waits for it, its facilitator, managers; of an open one that is published anybody")
def course(offering_id: int) -> str:
    """What a course is about, what there is to read, and how far one has come."""
    return page_of_course(find_course_view(offering_id, viewer_now()) or abort(404))


@bp.post(f"{ONE}/enrol")
@audience(Role.STUDENT)
@shared
def enrol(offering_id: int) -> Response | tuple[str, int]:
    """Take a place, or one on the waiting list."""
    return _do(offering_id, lambda: join_course(offering_id, current_user.id, actor(), present_day()))


@bp.post(f"{ONE}/withdraw")
@audience(Role.STUDENT)
@owned("who is on the course or waits for it")
def withdraw(offering_id: int) -> Response | tuple[str, int]:
    """Leave an open course, or its waiting list; the academic office decides about others."""
    found = find_course_view(offering_id, viewer_now())
    if found is None or found.own is None:
        abort(404)
    if not found.card.is_open:
        raise NotAllowed(_("Your academic office enrolled you: ask it to take you off this course."))
    student_id = found.own.student_id
    return _do(offering_id, lambda: withdraw_students(offering_id, [student_id], actor()))


def _do(offering_id: int, deed: Callable[[], object]) -> Response | tuple[str, int]:
    try:
        deed()
        db.session.commit()
    except AlreadyEnrolled:  # a second click: the first one has done it
        db.session.rollback()
    except NotAllowed as error:
        db.session.rollback()
        flash(str(error), "problem")
        return redirect(url_for(".course", offering_id=offering_id), 303)
    found = find_course_view(offering_id, viewer_now())
    flash(*_said(found))
    return redirect(url_for(".course", offering_id=offering_id) if found else url_for(".home"), 303)


def _said(found: CourseView | None) -> tuple[str, str]:
    if found is None or found.own is None:
        return _("You are no longer on this course."), "done"
    if found.own.waits:
        place = found.own.position
        return _("You are number %(place)s on the waiting list and move up automatically.", place=place), "done"
    return _("You are enrolled."), "done"


def page_of_course(found: CourseView) -> str:
    """The page, for whoever may see it."""
    now = clock.now()
    own = found.own if found.is_on_it else None
    lessons = list_lessons(found.card.id, now, own.id if own else None, everything=found.is_staff)
    context: dict[str, Any] = {
        "course": found,
        "lessons": lessons,
        "progress": progress_of([own.id], now)[own.id] if own else None,
        # Cleaned by an allow-list of elements and attributes: see learning/markdown.py.
        "syllabus": Markup(render(found.syllabus).html) if found.syllabus else "",  # noqa: S704 (cleaned by nh3)
        "today": present_day(),
    }
    return anyones_page("courses/course.html", **context)
