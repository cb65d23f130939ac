"""Telling who owes a week what was decided about it, and managers what somebody wishes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.audit.services import Actor
from portal.notifications.services import Fact, notify_many
from portal.tracker.queries import Log
from portal.tracker.queries.alerts import list_responsible
from portal.tracker.queries.people import department_of_course, user_of_facilitator

WISH = "reopen_asked"


class Decision(StrEnum):
    """What was decided; the name of the notification's kind."""

    EXCUSED = "log_excused"
    EXPECTED = "log_expected"
    EXTENDED = "log_extended"
    REOPENED = "log_reopened"
    KEPT_CLOSED = "log_kept_closed"


def tell(log: Log, decision: Decision, reason: str, now: datetime, by: Actor, until: datetime | None = None) -> None:
    """Tell who owes the log, unless they decided it themselves. At most six statements."""
    user_id = user_of_facilitator(log.facilitator_id)
    if user_id is None or user_id == by.user_id:
        return
    params = _about(log, reason) | {"due_at": (until or log.due_at).isoformat(), "decision": decision.value}
    # The version makes a second decision of the same kind a fact of its own.
    notify_many([Fact(user_id, decision, params, f"{decision}:{log.offering_id}:{log.id}:{log.version}:{user_id}")])


def tell_wish(log: Log, reason: str, by: Actor) -> None:
    """Tell the managers of a course's department that somebody asks for a week.

    At most eight statements.
    """
    people = list_responsible().of(department_of_course(log.offering_id))
    params = _about(log, reason)
    key = f"{WISH}:{log.offering_id}:{log.id}:{log.version}"
    facts = [Fact(user_id, WISH, params, f"{key}:{user_id}") for user_id in people if user_id != by.user_id]
    if facts:
        notify_many(facts)


def _about(log: Log, reason: str) -> dict[str, Any]:
    return {
        "log_id": log.id,
        "offering_id": log.offering_id,
        "code": log.code,
        "module": log.course,
        "class": log.class_name,
        "week": log.week_number,
        "reason": reason,
    }
