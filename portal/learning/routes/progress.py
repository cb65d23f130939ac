"""How far each student of a course has come, and who is stuck."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from portal import clock
from portal.learning import queries
from portal.learning.queries.progress import STUCK_AFTER
from portal.learning.routes.blueprint import bp
from portal.learning.routes.common import STAFF, staffed_course
from portal.roles import Role
from portal.web.access import audience, owned
from portal.web.pages import page


@dataclass(frozen=True, slots=True)
class Amount:
    """So many lessons done, in words: in percent, and of how many."""

    rate: str
    count: str


@bp.get("/progress")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def progress(offering_id: int) -> str:
    """Every student with their progress; `stuck` in the address leaves only those who are."""
    course = staffed_course(offering_id)
    students = queries.progress_of_students(offering_id, clock.now())
    stuck = [one for one in students if one.is_stuck]
    total = students[0].progress.total if students else 0
    return page(
        "learning/progress.html",
        course=course,
        students=stuck if "stuck" in request.args else students,
        everyone=len(students),
        stuck=len(stuck),
        days=STUCK_AFTER.days,
        total=total,
        amounts=_amounts(total),
    )


def _amounts(total: int) -> Mapping[int, Amount]:
    """The words for each number of lessons done, made once for all students."""
    rates = {done: 100 * done // total for done in range(total + 1)} if total else {}
    return {
        done: Amount(_("%(rate)s %%", rate=rate), _("%(done)s of %(total)s", done=done, total=total))
        for done, rate in rates.items()
    }
