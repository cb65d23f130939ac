"""Attendance: the sheet of a week, and a course by student."""

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.config.present import present_settings
from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.roles import Role
from portal.tracker import queries
from portal.tracker.forms.attendance import SheetForm, read_count, read_sheet, seen_text
from portal.tracker.models import AttendanceState
from portal.tracker.queries import Log
from portal.tracker.queries.attendance import count_weeks_taken, sheet_of, weeks_of_students
from portal.tracker.routes.blueprint import bp
from portal.tracker.routes.common import MANAGES, moment_now, not_found, own_log, readable_log
from portal.tracker.services import attendance
from portal.tracker.services.attendance import Marks, Taken
from portal.web.access import actor, audience, owned
from portal.web.htmx import fragment, is_htmx, wants_fragment
from portal.web.pages import page

_LOG = "/logs/<id:log_id>/attendance"


@bp.get(_LOG)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned("whoever owes the log or teaches the course; managers and administrators any")
def sheet(log_id: int) -> str | Response:
    """A week's sheet; to be marked by who owes the week while it is open, else to be read."""
    found = readable_log(log_id)
    return fragment("tracker/_sheet.html", **_context(found)) if wants_fragment() else _page(found)


@bp.post(_LOG)
@audience(Role.FACILITATOR)
@owned("whoever owes the log")
def take_attendance(log_id: int) -> BaseResponse:
    """Write the marks of a sheet; all of them in one go."""
    found, form = own_log(log_id), None
    try:
        form = read_sheet(request.form)
        taken = _take(found, form)
    except NotFound:
        raise
    except DomainError as error:
        return _refused(log_id, error, form.sheet.marks if form else {})
    db.session.commit()
    if taken.clashes:
        return _shown(taken.log, 409, clashes=taken.clashes)
    if is_htmx():
        shown: dict[str, Any] = {"roster": taken.places, "was": seen_text(taken.places), "saved_at": clock.now()}
        return fragment("tracker/_sheet_saved.html", log=taken.log, **shown)
    flash(_("Attendance of week %(week)s is saved.", week=found.week_number), "done")
    return redirect(url_for("tracker.sheet", log_id=log_id), 303)


@bp.post(f"{_LOG}/count")
@audience(Role.FACILITATOR)
@owned("whoever owes the log")
def count_attendance(log_id: int) -> BaseResponse:
    """Write how many were there, for a course without a roster."""
    found = own_log(log_id)
    try:
        count, seen = read_count(request.form)
        attendance.count_heads(found, count, seen, moment_now(), actor())
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        return _refused(log_id, error, {}, typed=request.form)
    flash(_("Attendance of week %(week)s is saved.", week=found.week_number), "done")
    return redirect(url_for("tracker.sheet", log_id=log_id), 303)


@bp.get("/courses/<id:offering_id>/attendance")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned("whoever teaches the course; managers and administrators any")
def course_attendance(offering_id: int) -> str:
    """Each student of a course with the sums of their weeks, and who was there too rarely."""
    manages = current_user.role in MANAGES
    course = queries.course_seen_by(current_user.facilitator_id, offering_id, manages=manages)
    if course is None:
        not_found()
    students = weeks_of_students(offering_id)
    limit = present_settings().attendance_threshold
    low = [one for one in students if one.rate is not None and one.rate < limit]
    shown = sorted(low, key=lambda one: one.rate or 0) if "low" in request.args else students
    return page(
        "tracker/course_attendance.html",
        course=course,
        students=shown,
        everyone=len(students),
        low=len(low),
        limit=limit,
        taken=count_weeks_taken(offering_id),
    )


def _take(found: Log, form: SheetForm) -> Taken:
    wish = attendance.everyone_there(sheet_of(found), form.sheet) if form.fills else form.sheet
    return attendance.take(found, wish, moment_now(), actor())


def _refused(log_id: int, error: DomainError, marks: Marks, **context: Any) -> BaseResponse:
    """The sheet as it stands, why nothing was written, and what was not."""
    db.session.rollback()
    found = own_log(log_id)
    return _shown(found, error.status, message=str(error), field=error.field, unsaved=marks, **context)


def _shown(found: Log, status: int, **context: Any) -> BaseResponse:
    if not is_htmx():
        return Response(_page(found, **context), status)
    answer = fragment("tracker/_sheet.html", status, **_context(found, **context))
    answer.headers["HX-Retarget"] = f"#sheet-{found.id}"
    answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def _page(found: Log, **context: Any) -> str:
    return page("tracker/sheet.html", **_context(found, **context))


def _context(found: Log, **context: Any) -> dict[str, Any]:
    places = sheet_of(found)
    marks = context.pop("unsaved", {})
    given: dict[str, Any] = {
        "log": found,
        "roster": places,
        "was": seen_text(places),
        "states": list(AttendanceState),
        "editable": found.facilitator_id == current_user.facilitator_id and found.is_open,
        "unsaved": [(place, marks[place.enrolment_id]) for place in places
                    if marks.get(place.enrolment_id, place.state) is not place.state],
    }  # fmt: skip
    return given | context
