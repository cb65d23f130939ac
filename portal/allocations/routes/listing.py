"""The list of courses: filters, counts, sorting, paging."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import ngettext
from flask_login import current_user

from portal.allocations import queries
from portal.allocations.forms.listing import ListForm
from portal.allocations.queries.views import list_views
from portal.allocations.routes.blueprint import bp
from portal.allocations.routes.choices import Choices
from portal.allocations.routes.columns import columns_of, every_column
from portal.roles import Role
from portal.web.access import audience
from portal.web.htmx import list_fragment, wants_fragment
from portal.web.pages import page


@bp.get("/")
@audience(Role.MANAGER, Role.ADMIN)
def index() -> str | Response:
    """The courses that an address asks for, with the counts of every choice."""
    form = ListForm.from_args(request.args)
    facets = queries.facets_of(form.wanted)
    # Before the page, which does without reading more where all that is kept had to be read anew.
    views = list_views(current_user.id)
    found = queries.page_of_offerings(form.wanted, form.page, facets.total, facets.shown)
    context: dict[str, Any] = {
        "form": form,
        "facets": facets,
        "choices": Choices(form, facets),
        "found": found,
        "columns": columns_of(form),
        "views": views,
    }
    if not wants_fragment():
        return page("allocations/page.html", every_column=every_column(), **context)
    after = {"after": request.args["after"]} if form.page.cursor else {}
    said = ngettext("%(num)s course", "%(num)s courses", facets.total)
    address = url_for(".index", **form.to_args(**after))
    return list_fragment("allocations/_results.html", address, said, parts=True, **context)
