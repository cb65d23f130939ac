"""The catalogue of open courses, for strangers too where the institution allows it."""

from typing import Any

from flask import abort, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.learning.courses import queries
from portal.learning.courses.forms import catalogue_args, catalogue_asked
from portal.learning.courses.routes.blueprint import bp
from portal.learning.courses.routes.common import ONE, is_let_in
from portal.learning.courses.routes.course import page_of_course
from portal.learning.queries import Viewer
from portal.web.access import owned, public
from portal.web.htmx import fragment, wants_fragment
from portal.web.locale import present_day
from portal.web.pages import anyones_page


@bp.get("/catalogue")
@public
def catalogue() -> str | BaseResponse:
    """Open courses that an address asks for."""
    if not is_let_in():
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)
    wanted, asked = catalogue_asked(request.args)
    today = present_day()
    found = queries.page_of_catalogue(wanted, asked, today)
    ids = [card.id for card in found.rows]
    own = queries.joined_by(current_user.id, ids) if current_user.is_authenticated and ids else {}
    context: dict[str, Any] = {"wanted": wanted, "asked": asked, "found": found, "own": own, "today": today,
                               "args": catalogue_args}  # fmt: skip
    if wants_fragment():
        return fragment("courses/_found.html", **context)
    return anyones_page("courses/catalogue.html", departments=queries.list_departments(today), **context)


@bp.get(f"/catalogue{ONE}")
@public
@owned("of an open course that is published anybody")
def catalogue_course(offering_id: int) -> str | BaseResponse:
    """An open course for a stranger; who is signed in goes on to its own page."""
    found = queries.find_course_view(offering_id, Viewer(None)) or abort(404)
    if current_user.is_authenticated or not is_let_in():
        return redirect(url_for(".course", offering_id=offering_id), 303)
    return page_of_course(found)
