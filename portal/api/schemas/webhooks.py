"""Webhooks: other systems that are told of what happens here."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints

from portal.api.schemas.common import LEFT_OUT, Given, Moment, Paged, Taken, Version
from portal.webhooks.models import MAX_DESCRIPTION, MAX_URL, EndpointState, MessageState, WhyDisabled
from portal.webhooks.queries.deliveries import AttemptRow, DeliveryFilter, DeliveryRow
from portal.webhooks.queries.endpoints import EndpointRow

EventType = Literal[
    "log.submitted", "log.reopened", "log.excused", "log.expected", "log.extended", "allocation.changed",
    "enrolment.created", "enrolment.activated", "enrolment.withdrawn", "enrolment.completed", "reflection.counted",
    "reflection.released",
]  # fmt: skip
SentType = Literal[EventType, "webhook.test"]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_URL)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_DESCRIPTION)]
Events = Annotated[list[EventType], Field(min_length=1, max_length=20)]
_SECRET = "whsec_Yp3wq0bLx7bXxC1o2r8kq9n5Jw1mVQ4tZsKcD6hUeRg="  # noqa: S105  (an example)


class WebhookShown(Given):
    """An endpoint. `previous_secret_until` is until when a former secret signs along."""

    id: int
    url: str
    description: str
    events: list[str]
    state: EndpointState
    disabled_reason: WhyDisabled | None
    disabled_at: Moment | None
    failing_since: Moment | None
    previous_secret_until: Moment | None
    last_delivered_at: Moment | None
    version: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, row: EndpointRow, **more: Any) -> Self:
        """An endpoint as it stands."""
        return cls(
            id=row.id, url=row.url, description=row.description, events=list(row.events), state=row.state,
            disabled_reason=row.reason, disabled_at=row.disabled_at, failing_since=row.failing_since,
            previous_secret_until=row.previous_until, last_delivered_at=row.last_delivered_at, version=row.version,
            created_at=row.created_at, updated_at=row.updated_at, **more,
        )  # fmt: skip


class WebhookMade(WebhookShown):
    """An endpoint with its secret, which is shown this once: null where the answer is given again."""

    secret: str | None = Field(examples=[_SECRET])


class WebhookNew(Taken):
    """An endpoint that is to be."""

    url: Url
    events: Events
    description: Description = ""


class WebhookChange(Taken):
    """What is to be different; what is left out stays. `state` switches it on or off."""

    url: Url = LEFT_OUT
    events: Events = LEFT_OUT
    description: Description = LEFT_OUT
    state: EndpointState = LEFT_OUT
    version: Version | None = None


class WebhookQuery(Paged):
    """Which part of the endpoints is wanted, in which order."""

    sort: Literal["id", "-id"] = "id"


class AttemptShown(Given):
    """An attempt: the status of the answer, or in a word what kept the message from arriving."""

    at: Moment
    status_code: int | None
    error: str | None
    answer: str
    duration_ms: int

    @classmethod
    def of(cls, row: AttemptRow) -> Self:
        """One attempt."""
        return cls(at=row.created_at, status_code=row.status_code, error=row.error, answer=row.answer,
                   duration_ms=row.duration_ms)  # fmt: skip


class MessageShown(Given):
    """A message to an endpoint; `webhook_id` is what it is known by there, the same at each attempt."""

    id: int
    webhook_id: str = Field(examples=["msg_2f1d6d8f6c9f4c0f8b1e9a7c5d3b2a10"])
    type: str
    data: dict[str, Any]
    happened_at: Moment
    state: MessageState
    next_attempt_at: Moment | None
    delivered_at: Moment | None
    attempts: list[AttemptShown]

    @classmethod
    def of(cls, row: DeliveryRow) -> Self:
        """A message with its attempts."""
        return cls(
            id=row.id, webhook_id=row.uid, type=row.type, data=dict(row.data), happened_at=row.happened_at,
            state=row.state, next_attempt_at=row.next_attempt_at if row.is_waiting else None,
            delivered_at=row.delivered_at, attempts=[AttemptShown.of(one) for one in row.tried],
        )  # fmt: skip


class MessageQuery(Paged):
    """Which messages of an endpoint are wanted, the newest first unless asked otherwise."""

    state: MessageState | None = None
    type: SentType | None = None
    sort: Literal["id", "-id"] = "-id"

    def wanted(self) -> DeliveryFilter:
        """What narrows the list."""
        return DeliveryFilter(self.state, self.type or "")
