"""The list of people."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import ngettext
from flask_login import current_user

from portal.accounts.forms.people import ROLE_WORDS, PeopleForm
from portal.accounts.queries import directory
from portal.accounts.queries.directory import INVITABLE, AccountState
from portal.accounts.routes.people.blueprint import bp
from portal.accounts.services.administration import OF_MANAGERS
from portal.accounts.units import Kind, list_units
from portal.roles import Role
from portal.web.access import audience
from portal.web.htmx import list_fragment, wants_fragment
from portal.web.pages import page


@bp.get("/")
@audience(Role.MANAGER, Role.ADMIN)
def index() -> str | Response:
    """The people that an address asks for, with the counts of every choice."""
    form = PeopleForm.from_args(request.args)
    counts = directory.count_people(form.wanted)
    found = directory.page_of_people(form.wanted, form.page, counts.total)
    context: dict[str, Any] = {
        "form": form,
        "counts": counts,
        "found": found,
        "roles": ROLE_WORDS,
        "State": AccountState,
        "invitable": INVITABLE,
        "mine": frozenset(Role) if current_user.role is Role.ADMIN else OF_MANAGERS,
        "cohorts": {unit.id: unit.code for unit in list_units(Kind.COHORT)},
    }
    if not wants_fragment():
        return page("accounts/people/page.html", **context)
    after = {"after": request.args["after"]} if form.page.cursor else {}
    said = ngettext("%(num)s person", "%(num)s people", counts.total)
    address = url_for(".index", **form.to_args(**after))
    return list_fragment("accounts/people/_results.html", address, said, parts=True, **context)
