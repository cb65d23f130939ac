"""Everyone's home of courses: those that a student takes, those that somebody writes."""

from flask import current_app
from flask_login import current_user

from portal import clock
from portal.learning.courses import queries
from portal.learning.courses.routes.blueprint import bp
from portal.learning.courses.routes.common import viewer_now
from portal.learning.queries import progress_of
from portal.roles import Role
from portal.web.access import everyone
from portal.web.locale import present_day
from portal.web.pages import page


@bp.get("/")
@everyone
def home() -> str:
    """My courses."""
    if Role.STUDENT in current_user.roles:
        return _own()
    return page("courses/written.html", courses=queries.list_written_courses(viewer_now()), today=present_day(),
                may_make=Role.FACILITATOR in current_user.roles)  # fmt: skip


def _own() -> str:
    courses = queries.list_own_courses(current_user.id)
    today = present_day()
    taken = [one for one in courses if not one.position]
    progress = progress_of([one.enrolment_id for one in taken], clock.now()) if taken else {}
    rounds = current_app.extensions["portal_open_rounds"](current_user.id)
    running = sum(one.card.standing(today) == "running" for one in taken)
    return page("courses/home.html", courses=taken, waiting=[one for one in courses if one.position],
                progress=progress, running=running, today=today, rounds=rounds)  # fmt: skip
