"""The home page sends everyone to theirs; students find their courses."""

from flask import Blueprint, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.roles import Role
from portal.web.access import everyone

bp = Blueprint("dashboards", __name__)


@bp.get("/")
@everyone
def home() -> Response:
    """Where a person's work is."""
    if current_user.role in {Role.MANAGER, Role.ADMIN}:
        return redirect(url_for("compliance.index"))
    if Role.FACILITATOR in current_user.roles:
        return redirect(url_for("tracker.this_week"))
    return redirect(url_for("courses.home"))
