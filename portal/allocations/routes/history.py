"""What happened to a course, page by page."""

from flask import Response, abort, request

from portal.allocations import queries
from portal.allocations.routes.blueprint import bp
from portal.folding import whole_number
from portal.roles import Role
from portal.web.access import audience, shared
from portal.web.htmx import fragment, wants_fragment
from portal.web.pages import page


@bp.get("/<id:offering_id>/history")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def history(offering_id: int) -> str | Response:
    """Changes older than `before`; for htmx just these, to stand below those that are shown."""
    row = queries.find_offering(offering_id) or abort(404)
    before = whole_number(request.args.get("before")) or None
    happenings, more = queries.list_happenings(offering_id, before)
    if wants_fragment():
        return fragment("allocations/_history.html", row=row, happenings=happenings, more=more)
    return page("allocations/history.html", row=row, happenings=happenings, more=more)
