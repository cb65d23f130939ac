"""Endpoints: made, changed, switched off and on, given another secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from portal import clock
from portal.audit.services import Actor, System, record
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.notifications.services import Fact, notify_many
from portal.webhooks.addresses import NotAllowed, Reach, read_target
from portal.webhooks.events import TYPES
from portal.webhooks.models import (
    MAX_DESCRIPTION,
    MAX_URL,
    EndpointState,
    MessageState,
    WebhookDelivery,
    WebhookEndpoint,
    WhyDisabled,
)
from portal.webhooks.queries.endpoints import list_administrators, name_of
from portal.webhooks.sealing import SecretBox
from portal.webhooks.signing import new_secret

# For so long both secrets sign.
OVERLAP = timedelta(hours=24)
# Nothing arrived for so long, though it was tried: nobody listens any more.
PATIENCE = timedelta(days=5)
NOTICE = "webhook_disabled"
_FAULTS = {
    "malformed": lazy("Give a whole address, such as https://hooks.example.org/portal, without a name or password."),
    "insecure": lazy("The address must begin with https://."),
    "forbidden": lazy("This address lies in a private network. WEBHOOK_NETWORKS says which of them are allowed."),
}


@dataclass(frozen=True, slots=True)
class EndpointDraft:
    """An endpoint as somebody wants it."""

    url: str
    events: Sequence[str]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint that was made or given another secret; nobody sees `secret` a second time."""

    id: int
    secret: str


def create_endpoint(draft: EndpointDraft, reach: Reach, box: SecretBox, by: Actor) -> Made:
    """An endpoint that is told of everything from now on. Raises DomainError on "url", "events", "description"."""
    check_draft(draft, reach)
    secret = new_secret()
    endpoint = WebhookEndpoint(
        url=draft.url, events=_ordered(draft.events), description=draft.description, secret=box.seal(secret),
        created_by=by.user_id,
    )  # fmt: skip
    db.session.add(endpoint)
    db.session.flush()
    record(
        by, "create", WebhookEndpoint.__tablename__, endpoint.id, url=(None, draft.url),
        events=(None, _listed(draft.events)), description=(None, draft.description or None),
    )  # fmt: skip
    return Made(endpoint.id, secret)


def change_endpoint(endpoint_id: int, draft: EndpointDraft, version: int, reach: Reach, by: Actor) -> bool:
    """Another address, other events, other words. False when nothing differs.

    Raises NotFound, DomainError as above, Conflict when somebody changed it since `version`.
    """
    present = _locked(endpoint_id)
    if present.version != version:
        raise Conflict(lazy("Somebody else changed this endpoint meanwhile. Look at it again."), "version")
    check_draft(draft, reach)
    before = {"url": present.url, "events": _listed(present.events), "description": present.description}
    after = {"url": draft.url, "events": _listed(draft.events), "description": draft.description}
    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    if not changed:
        return False
    present.url, present.events, present.description = draft.url, _ordered(draft.events), draft.description
    present.version += 1
    db.session.flush()
    record(by, "update", WebhookEndpoint.__tablename__, endpoint_id, **changed)
    return True


def check_draft(draft: EndpointDraft, reach: Reach) -> None:
    """Raise DomainError on the first field that cannot be."""
    if not draft.url or len(draft.url) > MAX_URL:
        raise DomainError(lazy("Give an address of at most %(most)s characters.", most=MAX_URL), "url")
    try:
        read_target(draft.url, reach)
    except NotAllowed as error:
        raise DomainError(_FAULTS[error.code], "url") from error
    if not draft.events or not set(draft.events) <= set(TYPES):
        raise DomainError(lazy("Choose at least one event."), "events")
    if len(draft.description) > MAX_DESCRIPTION:
        raise DomainError(lazy("At most %(most)s characters.", most=MAX_DESCRIPTION), "description")


def rotate_secret(endpoint_id: int, box: SecretBox, by: Actor) -> Made:
    """Another secret; the present one signs along for a day, one before it no longer. Raises NotFound."""
    present = _locked(endpoint_id)
    secret = new_secret()
    present.previous_secret, present.previous_until = present.secret, clock.now() + OVERLAP
    present.secret = box.seal(secret)
    present.version += 1
    db.session.flush()
    record(by, "rotate", WebhookEndpoint.__tablename__, endpoint_id, previous_until=(None, present.previous_until))
    return Made(endpoint_id, secret)


def enable(endpoint_id: int, by: Actor) -> bool:
    """Send messages again, of what happens from now on. False when it was so. Raises NotFound."""
    present = _locked(endpoint_id)
    if present.state is EndpointState.ENABLED:
        return False
    present.state, present.reason, present.disabled_at = EndpointState.ENABLED, None, None
    present.failing_since = None
    present.version += 1
    db.session.flush()
    record(
        by, "enable", WebhookEndpoint.__tablename__, endpoint_id, state=(EndpointState.DISABLED, EndpointState.ENABLED)
    )
    return True


def disable(endpoint_id: int, by: Actor, reason: WhyDisabled = WhyDisabled.BY_HAND) -> bool:
    """Send nothing more; what waits is given up and can be sent again. False when it was so. Raises NotFound."""
    present = _locked(endpoint_id)
    if present.state is EndpointState.DISABLED:
        return False
    present.state, present.reason, present.disabled_at = EndpointState.DISABLED, reason, clock.now()
    present.version += 1
    db.session.flush()
    waiting = (WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == MessageState.PENDING)
    given_up = update(WebhookDelivery).where(*waiting).values(state=MessageState.FAILED)
    db.session.execute(given_up, execution_options=IN_PLACE)
    record(
        by, "disable", WebhookEndpoint.__tablename__, endpoint_id,
        state=(EndpointState.ENABLED, EndpointState.DISABLED), reason=(None, reason),
    )  # fmt: skip
    return True


def disable_itself(endpoint_id: int, reason: WhyDisabled) -> bool:
    """Switch an endpoint off because of what it answers, and tell the administrators."""
    if not disable(endpoint_id, System(), reason):
        return False
    moment, present = int(clock.now().timestamp()), _locked(endpoint_id)
    params = {"endpoint_id": endpoint_id, "name": name_of(present.url, present.description), "reason": reason.value}
    people = list_administrators()
    if people:
        notify_many([Fact(one, NOTICE, params, f"{NOTICE}:{endpoint_id}:{moment}:{one}") for one in people])
    return True


def is_hopeless(endpoint_id: int) -> bool:
    """Whether nothing has arrived at an endpoint for days, though it was tried. One statement."""
    since = db.session.scalar(
        select(WebhookEndpoint.failing_since).where(
            WebhookEndpoint.id == endpoint_id, WebhookEndpoint.state == EndpointState.ENABLED
        )
    )
    return since is not None and clock.now() - since >= PATIENCE


def delete_endpoint(endpoint_id: int, by: Actor) -> None:
    """Delete an endpoint with what is kept of its messages. Raises NotFound."""
    present = _locked(endpoint_id)
    url, description = present.url, present.description
    db.session.delete(present)
    db.session.flush()
    record(
        by,
        "delete",
        WebhookEndpoint.__tablename__,
        endpoint_id,
        url=(url, None),
        description=(description or None, None),
    )


def _locked(endpoint_id: int) -> WebhookEndpoint:
    wanted = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    found = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(lazy("There is no such endpoint."))
    return found


def _ordered(events: Sequence[str]) -> list[str]:
    return [name for name in TYPES if name in events]


def _listed(events: Sequence[str]) -> str:
    return ", ".join(_ordered(events))
