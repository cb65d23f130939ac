"""What the type-ahead fields offer while someone types."""

from flask import Response, abort, request

from portal.allocations import queries
from portal.allocations.forms.listing import clean
from portal.allocations.queries.clashes import clashing_facilitators, taught_before
from portal.allocations.routes.blueprint import bp
from portal.allocations.routes.columns import list_behind
from portal.allocations.routes.highlight import highlight
from portal.folding import whole_number
from portal.roles import Role
from portal.web.access import audience
from portal.web.htmx import fragment


@bp.get("/facilitators")
@audience(Role.MANAGER, Role.ADMIN)
def facilitators() -> Response:
    """Who could teach a course, each with the load that this choice would give them; at most eight."""
    text = clean(request.args.get("q"))
    offering = queries.find_offering(whole_number(request.args.get("offering")) or 0) or abort(404)
    candidates = queries.list_candidates(offering, text)
    ids = [person.id for person in candidates]
    return fragment(
        "allocations/_candidates.html",
        people=[(person, highlight(person.name, text)) for person in candidates],
        offering=offering,
        clashing=clashing_facilitators(offering.id, ids),
        taught=taught_before(offering.id, ids),
    )


@bp.get("/options/<any(modules, cohorts, departments, facilitators):kind>")
@audience(Role.MANAGER, Role.ADMIN)
def options(kind: str) -> Response:
    """What a filter could be set to beside the filters of the list on which it is asked; at most eight."""
    text = clean(request.args.get("q"))
    options = queries.list_options(kind, text, list_behind().wanted)
    return fragment("allocations/_options.html", options=[(one, highlight(one.name, text)) for one in options])
