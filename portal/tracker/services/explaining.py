"""Why a pass of reminders would tell somebody of a week, or would not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal.database import only_reading
from portal.extensions import db
from portal.notifications.groups import REMINDERS
from portal.notifications.models import Way
from portal.notifications.queries.choices import list_switched_off
from portal.tracker.ladder import BEFORE, DUE, MISSING, TODAY, Ladder, base_of, latest_first
from portal.tracker.queries.considered import ConsideredLog, list_considered
from portal.tracker.queries.owed import logs_owed
from portal.tracker.queries.stages import read_ladder
from portal.tracker.services.alerting import Alert, find_alerts

# Weeks whose deadline is so near are worth a word even though nobody is told of them.
_SPAN = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Reason:
    """A week, whether its facilitator would be told of it at this pass, and why."""

    log: ConsideredLog
    stage: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every week that was considered with its reason, and what managers would be told."""

    reasons: Sequence[Reason]
    alerts: Sequence[Alert]


def explain(now: datetime, zone: ZoneInfo) -> Explanation:
    """What a pass at this moment would do, and why. It writes nothing."""
    with only_reading():
        ladder = read_ladder(zone)
        cutoffs = ladder.cutoffs(now)
        untold = {(row.log_id, row.user_id): row.stage for row in logs_owed(now, cutoffs)}
        logs = list_considered(now - _SPAN, now + _SPAN)
        off = {user_id for user_id, _group, way in list_switched_off({log.user_id for log in logs}, {REMINDERS})
               if way is Way.MAIL}  # fmt: skip
        reasons = [_reason(log, untold, ladder, cutoffs, now, log.user_id in off) for log in logs]
        alerts = find_alerts(now, cutoffs)
        db.session.rollback()
    return Explanation(reasons, alerts)


def _reason(
    log: ConsideredLog,
    untold: Mapping[tuple[int, int], str],
    ladder: Ladder,
    cutoffs: Mapping[str, datetime],
    now: datetime,
    no_mail: bool,
) -> Reason:
    stage = untold.get((log.log_id, log.user_id))
    if stage is not None:
        alone = "; in the portal alone, mail is switched off" if no_mail and base_of(stage) in BEFORE else ""
        return Reason(log, stage, f"stage {stage}, deadline {_written(log.due_at, ladder)}{alone}")
    settled = _settled(log)
    return Reason(log, None, settled or _not_yet(log, ladder, cutoffs, now))


def _settled(log: ConsideredLog) -> str:
    """Why nobody owes the week; empty when somebody does."""
    if log.submitted_at is not None:
        return "submitted"
    if log.excused_at is not None:
        return "excused"
    if not log.is_running:
        return "the course is not running"
    return "" if log.is_active else "the account is closed"


def _not_yet(log: ConsideredLog, ladder: Ladder, cutoffs: Mapping[str, datetime], now: datetime) -> str:
    """Why whoever owes the week is not told of it now: they were, or its next stage has not begun."""
    stages = {stage.key: stage for stage in ladder.stages if stage.is_active}
    wanted = latest_first(cutoffs, (MISSING,) if log.due_at < now else (TODAY, DUE))
    begun = [key for key in wanted if key in stages and log.due_at < cutoffs[key]]
    if begun:
        return f"told already at stage {begun[0]}"
    begins = [
        ladder.begins_at(stages[key], log.due_at)
        for key in latest_first(cutoffs, (DUE, TODAY, MISSING))
        if key in stages
    ]
    coming = [moment for moment in begins if moment > now]
    return f"its next stage begins {_written(min(coming), ladder)}" if coming else "later stages are switched off"


def _written(moment: datetime, ladder: Ladder) -> str:
    return f"{moment.astimezone(ladder.zone):%Y-%m-%d %H:%M}"
