"""Lessons of another course of the same teacher, or of the same module, for this one."""

from flask import flash, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.errors import DomainError, lazy
from portal.extensions import db
from portal.folding import whole_number
from portal.learning import queries
from portal.learning.queries.sources import list_sources
from portal.learning.routes.blueprint import bp
from portal.learning.routes.common import STAFF, staffed_course, to_list, viewer
from portal.learning.services import copy_lessons
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.pages import page


@bp.get("/copy")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def choose_copies(offering_id: int) -> str:
    """Courses with lessons, those of the same module first; `from` in the address shows the lessons of one."""
    return _page(offering_id, whole_number(request.args.get("from")))


@bp.post("/copy")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def copy(offering_id: int) -> BaseResponse | tuple[str, int]:
    """Copy what was chosen, as drafts at the end."""
    staffed_course(offering_id)
    source = whole_number(request.form.get("from"))
    if source not in {one.id for one in list_sources(offering_id, viewer())}:
        raise DomainError(lazy("Choose a course of yours, or of the same module, to copy from."), "from")
    wanted = [number for text in request.form.getlist("lesson")[:500] if (number := whole_number(text))]
    if not wanted:
        return _page(offering_id, source, _("Choose at least one lesson.")), 422
    count = copy_lessons(source or 0, offering_id, actor(), wanted)
    db.session.commit()
    said = ngettext("%(num)s lesson is copied, as a draft.", "%(num)s lessons are copied, as drafts.", count)
    flash(said if count else _("These lessons were copied before; there was nothing to do."), "done")
    return to_list(offering_id)


def _page(offering_id: int, source: int | None, fault: str = "") -> str:
    course = staffed_course(offering_id)
    sources = list_sources(offering_id, viewer())
    chosen = next((one for one in sources if one.id == source), None)
    lessons = queries.list_lessons(chosen.id, clock.now(), everything=True) if chosen else []
    return page("learning/copy.html", course=course, sources=sources, chosen=chosen, lessons=lessons, fault=fault)
