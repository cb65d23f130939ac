"""The front page of reflections: a student's own."""

from flask_login import current_user

from portal.reflections.queries.own import list_own_rounds
from portal.reflections.routes.blueprint import bp
from portal.reflections.routes.common import present_day
from portal.roles import Role
from portal.web.access import audience
from portal.web.pages import page


@bp.get("/")
@audience(Role.STUDENT)
def index() -> str:
    """A student's reflections, open ones first."""
    today = present_day()
    return page("reflections/own.html", rows=list_own_rounds(current_user.id, today), today=today)
