"""The kinds of events, and which of them a change is that the audit records.

The audit has every change of an allocation, log and enrolment in its transaction, by whichever door it came: so events
follow from it, and no service has to think of them. What is sent are ids, states and days, never names or reasons.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from portal.audit.services import Change

LOG, COURSE, ENROLMENT, LEAVE = "activity_trackers", "course_offerings", "enrolments", "leaves"

COUNTED, RELEASED, TEST = "reflection.counted", "reflection.released", "webhook.test"
ALLOCATED = "allocation.changed"
EXCUSED, EXPECTED = "log.excused", "log.expected"
# Those that an endpoint may be told of, in the order in which they are shown.
TYPES = (
    "log.submitted",
    "log.reopened",
    EXCUSED,
    EXPECTED,
    "log.extended",
    ALLOCATED,
    "enrolment.created",
    "enrolment.activated",
    "enrolment.withdrawn",
    "enrolment.completed",
    COUNTED,
    RELEASED,
)
_OF_LOGS: Mapping[str, str] = {
    "submit": "log.submitted",
    "reopen": "log.reopened",
    "excuse": EXCUSED,
    "unexcuse": EXPECTED,
    "extend": "log.extended",
}
# From what an enrolment was, and to what it is; None for whoever was not there.
_ON_IT, _OFF_IT = frozenset({"active", "waitlisted"}), frozenset({None, "withdrawn"})
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Happened:
    """An event: its type, the table and id of what it is about, and what cannot be read there any more."""

    type: str
    entity: str
    entity_id: int
    more: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


def events_of(change: Change) -> Iterator[Happened]:
    """The events that a change is; mostly none."""
    if change.entity == LOG and (name := _OF_LOGS.get(change.action)):
        yield Happened(name, LOG, change.entity_id)
    elif change.entity == COURSE:
        yield from _of_course(change)
    elif change.entity == ENROLMENT and "status" in change.fields:
        if name := _of_enrolment(*change.fields["status"]):
            yield Happened(name, ENROLMENT, change.entity_id)
    elif change.entity == LEAVE and change.action == "grant_leave":
        yield Happened(EXCUSED, LEAVE, change.entity_id)


def _of_course(change: Change) -> Iterator[Happened]:
    """A course gets, changes or loses who teaches it; a course that is gone is an allocation less."""
    if change.action == "delete":
        before = change.fields.get("facilitator_id", (None, None))[0]
        yield Happened(ALLOCATED, COURSE, change.entity_id, {"previous_facilitator_id": before})
    elif "facilitator_id" in change.fields:
        before, after = change.fields["facilitator_id"]
        if before != after:
            yield Happened(ALLOCATED, COURSE, change.entity_id, {"previous_facilitator_id": before})
    elif "facilitator_employee_id" in change.fields:  # files name people by their numbers
        before = change.fields["facilitator_employee_id"][0]
        yield Happened(ALLOCATED, COURSE, change.entity_id, {"previous_employee_id": before or None})


def _of_enrolment(before: str | None, after: str | None) -> str | None:
    if before == after:
        return None
    if after in _ON_IT and before in _OFF_IT:
        return "enrolment.created"
    return {"active": "enrolment.activated", "withdrawn": "enrolment.withdrawn",
            "completed": "enrolment.completed"}.get(str(after))  # fmt: skip
