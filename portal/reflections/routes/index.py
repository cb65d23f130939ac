"""The front page of reflections: a student's own, or the rounds of the courses that somebody teaches or manages."""

from flask import request
from flask_login import current_user

from portal.folding import whole_number
from portal.reflections.queries.courses import find_asked_course
from portal.reflections.queries.own import list_own_rounds
from portal.reflections.queries.results import list_staff_rounds
from portal.reflections.routes.blueprint import bp
from portal.reflections.routes.common import MANAGES, not_found
from portal.roles import Role
from portal.web.access import everyone
from portal.web.locale import present_day
from portal.web.pages import page


@bp.get("/")
@everyone
def index() -> str:
    """Whichever of the two the person has."""
    today = present_day()
    if current_user.role is Role.STUDENT:
        return page("reflections/own.html", rows=list_own_rounds(current_user.id, today), today=today)
    wanted, me, manages = (
        (whole_number(request.args["course"]) or 0) if "course" in request.args else None,
        current_user.facilitator_id,
        current_user.role in MANAGES,
    )
    course = find_asked_course(wanted, me, manages=manages) or not_found() if wanted is not None else None
    rows = list_staff_rounds(me, manages=manages, offering_id=wanted)
    return page("reflections/rounds.html", rows=rows, today=today, course=course)
