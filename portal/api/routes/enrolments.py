"""The roster of a course: its staff enrols and takes off, students enrol and leave by themselves."""

from flask import abort, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.api.blueprint import bp
from portal.api.errors import refuse
from portal.api.operations import Reply, operation
from portal.api.paging import page_reply
from portal.api.schemas.enrolments import EnrolmentNew, EnrolmentQuery, EnrolmentShown
from portal.enrolments.queries.programs import EnrolmentWish, count_enrolments, list_enrolments, student_of_user
from portal.enrolments.services import AlreadyEnrolled, Source, enrol_students, join_course, withdraw_students
from portal.errors import NotAllowed, lazy
from portal.extensions import db
from portal.learning.courses.queries import CourseView, find_course_view
from portal.learning.courses.routes.common import viewer_now
from portal.roles import Role
from portal.web.access import actor, everyone, owned
from portal.web.locale import present_day

_ALL = "/course-offerings/<id:offering_id>/enrolments"
_WHO = "the facilitator of the course; managers and administrators any; students for themselves"


@bp.get(_ALL)
@everyone
@owned(_WHO)
@operation("List the students of a course", query=EnrolmentQuery, answer=list[EnrolmentShown])
def index_enrolments(offering_id: int, query: EnrolmentQuery) -> Reply:
    """The roster with its waiting list and who has left; a student's own enrolment alone."""
    course = _course(offering_id)
    wanted = EnrolmentWish(offering_id, query.status, None if course.is_staff else current_user.id)
    rows = list_enrolments(wanted, query.sort, query.offset, query.limit)
    return page_reply([EnrolmentShown.of(row) for row in rows], count_enrolments(wanted), query)


@bp.post(_ALL)
@everyone
@owned(_WHO)
@operation("Enrol a student on a course", body=EnrolmentNew, answer=EnrolmentShown, status=201)
def enrol_student(offering_id: int, body: EnrolmentNew) -> Reply:
    """A place on the course, or one on its waiting list."""
    course = _course(offering_id)
    student_id = _enrol_by_staff(offering_id, body.student_id) if course.is_staff else _join(offering_id, body)
    row = list_enrolments(EnrolmentWish(offering_id, student_id=student_id))[0]
    db.session.commit()
    return Reply(EnrolmentShown.of(row), {"Location": url_for("api.index_enrolments", offering_id=offering_id)})


@bp.delete(f"{_ALL}/<id:student_id>")
@everyone
@owned(_WHO)
@operation("Take a student off a course", status=204)
def withdraw_student(offering_id: int, student_id: int) -> None:
    """Whoever waits longest moves up; the enrolment stays as withdrawn."""
    course = _course(offering_id)
    if not course.is_staff:
        if course.own is None or course.own.student_id != student_id:
            abort(404)
        if not course.card.is_open:
            raise NotAllowed(lazy("Your academic office enrolled you: ask it to take you off this course."))
    if not withdraw_students(offering_id, [student_id], actor()):
        abort(404)
    db.session.commit()


def _course(offering_id: int) -> CourseView:
    """A course whose roster somebody may ask about: its staff, who is on it, students of open ones."""
    found = find_course_view(offering_id, viewer_now())
    studies = current_user.role is Role.STUDENT
    return found if found and (found.is_staff or studies) else abort(404)


def _enrol_by_staff(offering_id: int, student_id: int | None) -> int:
    if student_id is None:
        refuse(400, _("Say which student."), field="student_id")
    joined = enrol_students(offering_id, [student_id], Source.STAFF, actor())
    if joined.already:
        raise AlreadyEnrolled(lazy("This student is on the course already."), "student_id")
    if not (joined.enrolled or joined.waiting):
        refuse(404, _("There is no such student, or their account is not active."), field="student_id")
    return student_id


def _join(offering_id: int, body: EnrolmentNew) -> int:
    own = student_of_user(current_user.id)
    if own is None or body.student_id not in {None, own}:
        refuse(403, _("Students enrol themselves alone."), field="student_id")
    join_course(offering_id, current_user.id, actor(), present_day())
    return own
