"""A page to print for who has done all of a course."""

from flask import abort
from flask_login import current_user

from portal.learning.courses.queries import find_course_view
from portal.learning.courses.routes.blueprint import bp
from portal.learning.courses.routes.common import ONE, viewer_now
from portal.roles import Role
from portal.web.access import audience, owned
from portal.web.pages import page


@bp.get(f"{ONE}/certificate")
@audience(Role.STUDENT)
@owned("who has completed the course")
def certificate(offering_id: int) -> str:
    """That somebody has done all of a course, and when."""
    found = find_course_view(offering_id, viewer_now())
    if found is None or found.own is None or found.own.completed_at is None:
        abort(404)
    return page("courses/certificate.html", course=found, own=found.own, name=current_user.full_name)
