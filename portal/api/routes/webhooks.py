"""Webhooks, for administrators."""

from typing import Any

from flask import abort, current_app, url_for

from portal.api.blueprint import bp
from portal.api.conditional import version_seen
from portal.api.operations import Reply, operation
from portal.api.paging import page_reply
from portal.api.schemas.webhooks import (
    MessageQuery,
    MessageShown,
    WebhookChange,
    WebhookMade,
    WebhookNew,
    WebhookQuery,
    WebhookShown,
)
from portal.config.present import present_settings
from portal.extensions import db
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.webhooks.addresses import Reach
from portal.webhooks.models import EndpointState
from portal.webhooks.queries.deliveries import count_deliveries, find_delivery, list_deliveries
from portal.webhooks.queries.endpoints import EndpointRow, count_endpoints, find_endpoint, list_endpoints
from portal.webhooks.sealing import SecretBox, box_of
from portal.webhooks.services import endpoints, replaying
from portal.webhooks.services.endpoints import EndpointDraft

_ONE = "/webhooks/<id:endpoint_id>"
_MESSAGES = f"{_ONE}/messages"


@bp.get("/webhooks")
@audience(Role.ADMIN)
@operation("List webhooks", query=WebhookQuery, answer=list[WebhookShown])
def index_webhooks(query: WebhookQuery) -> Reply:
    """The endpoints that are told of what happens here."""
    rows = list_endpoints(offset=query.offset, limit=query.limit, newest_first=query.sort == "-id")
    return page_reply([WebhookShown.of(row) for row in rows], count_endpoints(), query)


@bp.post("/webhooks")
@audience(Role.ADMIN)
@operation("Add a webhook", body=WebhookNew, answer=WebhookMade, status=201)
def add_webhook(body: WebhookNew) -> Reply:
    """An endpoint that is told of its events from now on. Its secret is in this answer alone."""
    draft = EndpointDraft(body.url, body.events, body.description)
    made = endpoints.create_endpoint(draft, _reach(), _box(), actor())
    db.session.commit()
    return _with_secret(made, {"Location": url_for("api.show_webhook", endpoint_id=made.id)})


@bp.get(_ONE)
@audience(Role.ADMIN)
@shared
@operation("Read a webhook", answer=WebhookShown)
def show_webhook(endpoint_id: int) -> Reply:
    """One endpoint."""
    return _reply(_find(endpoint_id))


@bp.patch(_ONE)
@audience(Role.ADMIN)
@shared
@operation("Change a webhook", body=WebhookChange, answer=WebhookShown)
def change_webhook(endpoint_id: int, body: WebhookChange) -> Reply:
    """Another address, other events, on or off. All of it or nothing."""
    found, by = _find(endpoint_id), actor()
    seen = version_seen(body.version, found.version)
    sent = body.model_dump(exclude_unset=True)
    present: dict[str, Any] = {"url": found.url, "events": found.events, "description": found.description}
    wanted = present | {name: sent[name] for name in present if name in sent}
    if wanted != present:
        endpoints.change_endpoint(endpoint_id, EndpointDraft(**wanted), seen, _reach(), by)
    if body.state is not None:
        (endpoints.enable if body.state is EndpointState.ENABLED else endpoints.disable)(endpoint_id, by)
    db.session.commit()
    return _reply(_find(endpoint_id))


@bp.delete(_ONE)
@audience(Role.ADMIN)
@shared
@operation("Delete a webhook", status=204)
def remove_webhook(endpoint_id: int) -> None:
    """Delete an endpoint with what is kept of its messages."""
    version_seen(None, _find(endpoint_id).version)
    endpoints.delete_endpoint(endpoint_id, actor())
    db.session.commit()


@bp.post(f"{_ONE}/rotate")
@audience(Role.ADMIN)
@shared
@operation("Give a webhook another secret", answer=WebhookMade)
def rotate_webhook(endpoint_id: int) -> Reply:
    """The new secret is in this answer alone; the present one signs along for 24 hours."""
    made = endpoints.rotate_secret(endpoint_id, _box(), actor())
    db.session.commit()
    return _with_secret(made, {})


@bp.post(f"{_ONE}/test")
@audience(Role.ADMIN)
@shared
@operation("Send a test to a webhook", status=202, answer=WebhookShown)
def try_webhook(endpoint_id: int) -> Reply:
    """A message of type `webhook.test` is on its way; the list of messages says what becomes of it."""
    replaying.try_endpoint(endpoint_id, actor())
    db.session.commit()
    return _reply(_find(endpoint_id))


@bp.get(_MESSAGES)
@audience(Role.ADMIN)
@shared
@operation("List the messages of a webhook", query=MessageQuery, answer=list[MessageShown])
def index_messages(endpoint_id: int, query: MessageQuery) -> Reply:
    """What was sent or waits, the newest first unless asked otherwise, with each attempt; kept for 30 days."""
    _find(endpoint_id)
    wanted = query.wanted()
    rows = list_deliveries(endpoint_id, wanted, query.offset, query.limit, newest_first=query.sort == "-id")
    return page_reply([MessageShown.of(row) for row in rows], count_deliveries(endpoint_id, wanted), query)


@bp.post(f"{_MESSAGES}/<id:message_id>/replay")
@audience(Role.ADMIN)
@shared
@operation("Send a message again", status=202, answer=MessageShown)
def replay_message(endpoint_id: int, message_id: int) -> MessageShown:
    """At once, under the `webhook-id` that it had, with as many attempts as a new one."""
    replaying.replay(endpoint_id, message_id, actor())
    db.session.commit()
    return MessageShown.of(find_delivery(endpoint_id, message_id) or abort(404))


def _find(endpoint_id: int) -> EndpointRow:
    return find_endpoint(endpoint_id) or abort(404)


def _reply(row: EndpointRow) -> Reply:
    return Reply(WebhookShown.of(row), {"ETag": f'"{row.version}"'})


def _with_secret(made: endpoints.Made, headers: dict[str, str]) -> Reply:
    shown = WebhookMade.of(_find(made.id), secret=made.secret)
    return Reply(shown, {**headers, "ETag": f'"{shown.version}"', "Cache-Control": "no-store"})


def _reach() -> Reach:
    return Reach.of(present_settings())


def _box() -> SecretBox:
    return box_of(current_app.config["SECRET_KEY"])
