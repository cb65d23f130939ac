"""Who is on a course: for its staff."""

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from portal import clock
from portal.enrolments.queries import count_missing_of_cohort
from portal.enrolments.services import Joined, Source, enrol_cohort, enrol_students, withdraw_students
from portal.errors import DomainError
from portal.extensions import db
from portal.learning.courses import queries
from portal.learning.courses.forms import faults_in_lines, lines_of
from portal.learning.courses.routes.blueprint import bp
from portal.learning.courses.routes.common import OF_STAFF, ONE, STAFF, staffed_course
from portal.learning.queries import progress_of_students
from portal.web.access import actor, audience, owned
from portal.web.locale import present_day
from portal.web.pages import page

Answer = str | Response | tuple[str, int]


@bp.get(f"{ONE}/students")
@audience(*STAFF)
@owned(OF_STAFF)
def students(offering_id: int) -> str:
    """The roster, the waiting list, and how far each has come."""
    return _page(offering_id)


@bp.post(f"{ONE}/students")
@audience(*STAFF)
@owned(OF_STAFF)
def enrol_many(offering_id: int) -> Answer:
    """Enrol students by number or address: all who are named, or nobody."""
    staffed_course(offering_id)
    text = request.form.get("who", "")
    lines = lines_of(text)
    found = queries.students_meant_by(lines) if lines else {}
    if fault := faults_in_lines(lines, found):
        return _page(offering_id, text, fault), 422
    try:
        joined = enrol_students(offering_id, [found[one] for one in lines], Source.STAFF, actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        return _page(offering_id, text, str(error)), error.status
    return _joined(offering_id, joined)


@bp.post(f"{ONE}/students/cohort")
@audience(*STAFF)
@owned(OF_STAFF)
def enrol_all_of_cohort(offering_id: int) -> Answer:
    """Enrol those of the course's cohort who are not on it."""
    staffed_course(offering_id)
    try:
        joined = enrol_cohort(offering_id, actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        return _page(offering_id, "", str(error)), error.status
    return _joined(offering_id, joined)


@bp.post(f"{ONE}/students/<id:student_id>/withdraw")
@audience(*STAFF)
@owned(OF_STAFF)
def withdraw_one(offering_id: int, student_id: int) -> Response:
    """Take a student off the course; who waits longest moves up."""
    staffed_course(offering_id)
    gone = withdraw_students(offering_id, [student_id], actor())
    if not gone:
        row = [one for one in queries.list_roster(offering_id) if one.student_id == student_id]
        if not row:
            abort(404)
    db.session.commit()
    flash(_("Taken off the course.") if gone else _("It was like that already."), "done" if gone else "note")
    return redirect(url_for(".students", offering_id=offering_id), 303)


def _joined(offering_id: int, joined: Joined) -> Response:
    said = [ngettext("%(num)s student was enrolled.", "%(num)s students were enrolled.", len(joined.enrolled))]
    if joined.waiting:
        said.append(ngettext("%(num)s waits for a place.", "%(num)s wait for a place.", len(joined.waiting)))
    if joined.already:
        said.append(ngettext("%(num)s was on it already.", "%(num)s were on it already.", len(joined.already)))
    flash(" ".join(said), "done")
    return redirect(url_for(".students", offering_id=offering_id), 303)


def _page(offering_id: int, text: str = "", fault: str = "") -> str:
    course = staffed_course(offering_id)
    rows = queries.list_roster(offering_id)
    progress = {one.enrolment_id: one for one in progress_of_students(offering_id, clock.now())}
    waiting = sorted((one for one in rows if one.queue_number), key=lambda one: one.queue_number or 0)
    missing = count_missing_of_cohort(offering_id) if course.cohort_id else 0
    return page("courses/students.html", course=course, placed=[one for one in rows if one.holds_a_place],
                waiting=waiting, gone=[one for one in rows if one.status == "withdrawn"], progress=progress,
                missing=missing, text=text, fault=fault, today=present_day())  # fmt: skip
