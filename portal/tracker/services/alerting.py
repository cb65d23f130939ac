"""Telling managers, and at last the head, of weeks that stay missing: each week once at each stage and deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, insert

from portal.extensions import db
from portal.notifications.services import Fact, notify_many
from portal.tracker.ladder import ALERT, ESCALATED, TO_OFFICE, base_of, latest_first
from portal.tracker.models import LogAlert
from portal.tracker.queries.alerts import MissingLog, list_heads, list_responsible, list_to_alert

# An entry of the inbox names so many courses; the page that it leads to has them all.
NAMED = 8
_ALERTS = cast(Table, LogAlert.__table__)


@dataclass(frozen=True, slots=True)
class Alert:
    """What would be told at a stage: the weeks, and to whom which of them."""

    stage: str
    logs: Sequence[MissingLog]
    shares: Mapping[int, Sequence[MissingLog]]


def find_alerts(now: datetime, cutoffs: Mapping[str, datetime]) -> Sequence[Alert]:
    """The weeks of which managers and the head are to be told, and were not yet; two statements for each stage.

    Where nobody is there to be told, the weeks wait for somebody. Of several stages for the same people a week is told
    at the latest that has begun.
    """
    found = []
    for base in TO_OFFICE:
        keys, told = latest_first(cutoffs, (base,)), set[int]()
        for place, stage in enumerate(keys):
            fitting = list_to_alert(keys[: place + 1], now, cutoffs[stage])
            logs = [log for log in fitting if log.log_id not in told]
            shares = _shares(stage, logs) if logs else {}
            if shares:
                found.append(Alert(stage, logs, shares))
                told |= {log.log_id for log in logs}
    return found


def _shares(stage: str, logs: Sequence[MissingLog]) -> Mapping[int, Sequence[MissingLog]]:
    """Who is told of which: the heads of all; managers as `Responsible.of` says."""
    if base_of(stage) == ESCALATED:
        return dict.fromkeys(list_heads(), logs)
    responsible = list_responsible()
    shares: dict[int, list[MissingLog]] = {}
    for log in logs:
        for user_id in responsible.of(log.department_id):
            shares.setdefault(user_id, []).append(log)
    return shares


def tell_managers(alerts: Sequence[Alert], now: datetime) -> int:
    """Tell what was found and note it at each week; gives how many people. Three statements and what telling takes.

    Raises IntegrityError when another worker told the same a moment ago.
    """
    rows = [
        {
            "tracker_id": log.log_id,
            "stage": alert.stage,
            "deadline_version": log.deadline_version,
            "created_at": now,
            "updated_at": now,
        }
        for alert in alerts
        for log in alert.logs
    ]
    if not rows:
        return 0
    db.session.execute(insert(_ALERTS), rows)
    return notify_many(
        [_fact(alert.stage, user_id, logs, now) for alert in alerts for user_id, logs in alert.shares.items()]
    )


def _fact(stage: str, user_id: int, logs: Sequence[MissingLog], now: datetime) -> Fact:
    first = logs[0]
    courses: dict[int, list[MissingLog]] = {}
    for log in logs:
        courses.setdefault(log.offering_id, []).append(log)
    params = {
        "stage": stage,
        "told_at": now.isoformat(),
        "weeks": len(logs),
        "people": len({log.facilitator_id for log in logs}),
        "courses": [_named(found) for found in list(courses.values())[:NAMED]],
        "more": max(0, len(courses) - NAMED),
        "departments": sorted({log.department_id or 0 for log in logs}) if base_of(stage) == ALERT else None,
    }
    key = f"{stage}:{first.offering_id}:{first.log_id}:{first.deadline_version}:{len(logs)}:{user_id}"
    return Fact(user_id, base_of(stage), params, key)


def _named(logs: Sequence[MissingLog]) -> dict[str, object]:
    """A course and its weeks. No names of people: what is told once is kept."""
    first = logs[0]
    weeks = sorted(log.week for log in logs)
    return {"code": first.code, "module": first.course, "class": first.class_name, "weeks": weeks}
