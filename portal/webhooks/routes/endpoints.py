"""Endpoints: the list, one with its messages, made and changed."""

import json
from typing import Any

from flask import Response, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.errors import Conflict, DomainError
from portal.extensions import db
from portal.paging import Page
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.htmx import fragment, list_fragment, wants_fragment
from portal.web.pages import page
from portal.webhooks.forms import STATES, Asked, EndpointForm
from portal.webhooks.queries.deliveries import DeliveryRow, page_of_deliveries
from portal.webhooks.queries.endpoints import EndpointRow, list_endpoints
from portal.webhooks.routes.blueprint import ONE, bp, endpoint_of, present_box, present_reach
from portal.webhooks.services import endpoints as services
from portal.webhooks.words import EVENTS, error_in_words, event_in_words, reason_in_words


@bp.context_processor
def _words() -> dict[str, Any]:
    words = {"event_in_words": event_in_words, "error_in_words": error_in_words, "reason_in_words": reason_in_words}
    return words | {"pretty": _pretty}


def _pretty(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)


@bp.get("/")
@audience(Role.ADMIN)
def index() -> str:
    """Every endpoint, and how it stands."""
    return page("webhooks/page.html", endpoints=list_endpoints())


@bp.get("/new")
@audience(Role.ADMIN)
def new() -> str:
    """The form of an endpoint."""
    return page("webhooks/new.html", form=EndpointForm(formdata=None), reach=present_reach())


@bp.post("/new")
@audience(Role.ADMIN)
def create() -> Response | tuple[str, int]:
    """Make an endpoint and show its secret, this once."""
    form = EndpointForm(request.form)
    if not form.validate():
        return page("webhooks/new.html", form=form, reach=present_reach()), 422
    try:
        made = services.create_endpoint(form.draft(), present_reach(), present_box(), actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return page("webhooks/new.html", form=form, reach=present_reach()), error.status
    return once(made.id, made.secret)


@bp.get(ONE)
@audience(Role.ADMIN)
@shared
def show(endpoint_id: int) -> str | Response:
    """One endpoint with its messages."""
    endpoint, asked = endpoint_of(endpoint_id), Asked.of(request.args)
    found = page_of_deliveries(endpoint_id, asked.wanted, asked.page)
    if not wants_fragment():
        return _page(endpoint, asked, found)
    template, context = "webhooks/_deliveries.html", _context(endpoint, asked, found)
    if "again" in request.args:  # a list that only renews itself has nothing to say
        return fragment(template, alone=True, **context)
    address = url_for(".show", endpoint_id=endpoint_id, **asked.to_args(at=request.args.get("at", "")))
    said = ngettext("%(num)s message", "%(num)s messages", len(found.rows))
    return list_fragment(template, address, said, alone=True, **context)


@bp.get(f"{ONE}/edit")
@audience(Role.ADMIN)
@shared
def edit(endpoint_id: int) -> str:
    """The form of an endpoint that is there."""
    endpoint = endpoint_of(endpoint_id)
    form = EndpointForm(
        formdata=None, url=endpoint.url, description=endpoint.description, events=list(endpoint.events),
        version=str(endpoint.version),
    )  # fmt: skip
    return page("webhooks/edit.html", endpoint=endpoint, form=form, reach=present_reach())


@bp.post(f"{ONE}/edit")
@audience(Role.ADMIN)
@shared
def change(endpoint_id: int) -> BaseResponse | tuple[str, int]:
    """Change an endpoint."""
    endpoint, form = endpoint_of(endpoint_id), EndpointForm(request.form)
    status = 422
    if form.validate():
        try:
            changed = services.change_endpoint(endpoint_id, form.draft(), form.seen(), present_reach(), actor())
            db.session.commit()
            flash(_("Saved.") if changed else _("There was nothing to change."), "done")
            return redirect(url_for(".show", endpoint_id=endpoint_id), 303)
        except DomainError as error:
            db.session.rollback()
            form.show(error)
            status = error.status
            if isinstance(error, Conflict):  # sent again, it replaces what somebody else wrote: knowingly
                endpoint = endpoint_of(endpoint_id)
                form.version.data = str(endpoint.version)
    return page("webhooks/edit.html", endpoint=endpoint, form=form, reach=present_reach()), status


def once(endpoint_id: int, secret: str) -> Response:
    """The page of an endpoint with its secret, kept nowhere."""
    asked = Asked.of({})
    found = page_of_deliveries(endpoint_id, asked.wanted, asked.page)
    answer = make_response(_page(endpoint_of(endpoint_id), asked, found, secret))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _page(endpoint: EndpointRow, asked: Asked, found: Page[DeliveryRow], secret: str = "") -> str:
    return page("webhooks/endpoint.html", secret=secret, alone=False, **_context(endpoint, asked, found))


def _context(endpoint: EndpointRow, asked: Asked, found: Page[DeliveryRow]) -> dict[str, Any]:
    now = clock.now()
    return {
        "endpoint": endpoint,
        "asked": asked,
        "found": found,
        "now": now,
        "renews": endpoint.is_enabled and any(row.is_near(now) for row in found.rows),
        "events": EVENTS,
        "states": STATES,
    }
