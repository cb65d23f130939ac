"""How far each student of a course has come, and who is stuck."""

from flask import request

from portal import clock
from portal.learning import queries
from portal.learning.queries.progress import STUCK_AFTER
from portal.learning.routes.blueprint import bp
from portal.learning.routes.common import STAFF, staffed_course
from portal.roles import Role
from portal.web.access import audience, owned
from portal.web.pages import page


@bp.get("/progress")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def progress(offering_id: int) -> str:
    """Every student with their progress; `stuck` in the address leaves only those who are."""
    course = staffed_course(offering_id)
    students = queries.progress_of_students(offering_id, clock.now())
    stuck = [one for one in students if one.is_stuck]
    return page(
        "learning/progress.html",
        course=course,
        students=stuck if "stuck" in request.args else students,
        everyone=len(students),
        stuck=len(stuck),
        days=STUCK_AFTER.days,
        total=students[0].progress.total if students else 0,
    )
