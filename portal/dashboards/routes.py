"""The home page sends everyone to theirs; students find their courses."""

from flask import Blueprint, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.dashboards import queries
from portal.reflections.queries.own import list_open_rounds
from portal.reflections.routes.common import present_day
from portal.roles import Role
from portal.web.access import audience, everyone
from portal.web.locale import zone_of_reader
from portal.web.pages import page

bp = Blueprint("dashboards", __name__)


@bp.get("/")
@everyone
def home() -> Response:
    """Where a person's work is."""
    if current_user.role in {Role.MANAGER, Role.ADMIN}:
        return redirect(url_for("compliance.index"))
    if Role.FACILITATOR in current_user.roles:
        return redirect(url_for("tracker.this_week"))
    return redirect(url_for("dashboards.courses"))


@bp.get("/courses/")
@audience(Role.STUDENT)
def courses() -> str:
    """The courses a student is enrolled on."""
    rows = queries.list_courses_of(current_user.id)
    today = clock.today(zone_of_reader())
    running = sum(row.standing(today) == "running" for row in rows)
    rounds = list_open_rounds(current_user.id, present_day())
    return page("dashboards/courses.html", rows=rows, running=running, today=today, rounds=rounds)
