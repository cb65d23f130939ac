"""What a manager decides about a week: excuse it, give it more time, open it again; and the wish for the last.

Each decision needs a reason, takes the version that its maker saw, leaves an audit row and tells who owes the log.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, update

from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, lazy
from portal.extensions import db
from portal.pulses import OF_WEEK
from portal.tracker.models import ActivityLog
from portal.tracker.queries import Log
from portal.tracker.services.telling import Decision, tell, tell_wish
from portal.tracker.states import LogState

LONGEST_REASON = 500
# Whoever gives more time than that has mistyped the date.
LONGEST_EXTENSION = timedelta(days=365)
_LOGS = cast(Table, ActivityLog.__table__)
_NO_WISH: dict[str, Any] = {"reopen_asked_at": None, "reopen_reason": None}


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision's reason, and the version of the log that its maker saw."""

    reason: str
    version: int


def excuse(log: Log, ruling: Ruling, now: datetime, by: Actor) -> None:
    """Nobody owes this week any more. Raises DomainError on "reason", Conflict when it cannot be excused."""
    _check(log, ruling)
    if log.state is LogState.EXCUSED:
        raise Conflict(lazy("Week %(week)s is excused already.", week=log.week_number))
    if log.is_submitted:
        raise Conflict(lazy("Week %(week)s was submitted; there is nothing to excuse.", week=log.week_number))
    values = {"excused_at": now, "excused_by": by.user_id, "excused_reason": ruling.reason}
    _write(log, ruling, values, now)
    record(by, "excuse", ActivityLog.__tablename__, log.id, excused_at=(None, now), reason=(None, ruling.reason))
    tell(log, Decision.EXCUSED, ruling.reason, now, by)


def expect_again(log: Log, ruling: Ruling, now: datetime, by: Actor) -> None:
    """Take an excuse back: the week is owed as before. Raises DomainError on "reason", Conflict when none stands."""
    _check(log, ruling)
    if log.state is not LogState.EXCUSED:
        raise Conflict(lazy("Week %(week)s is not excused.", week=log.week_number))
    _write(log, ruling, {"excused_at": None, "excused_by": None, "excused_reason": None}, now)
    record(
        by,
        "unexcuse",
        ActivityLog.__tablename__,
        log.id,
        excused_at=(log.excused_at, None),
        reason=(None, ruling.reason),
    )
    tell(log, Decision.EXPECTED, ruling.reason, now, by)


def extend(log: Log, until: datetime, ruling: Ruling, now: datetime, by: Actor) -> None:
    """Move the deadline. Raises DomainError on "reason" and "until", Conflict for a week that nobody owes."""
    _check(log, ruling)
    _check_until(until, now)
    if log.is_submitted or log.state is LogState.EXCUSED:
        raise Conflict(lazy("Week %(week)s is closed; only an open week can be given more time.", week=log.week_number))
    if until == log.due_at:
        raise DomainError(lazy("That is its deadline already."), "until")
    _write(log, ruling, _deadline(log, until), now)
    record(by, "extend", ActivityLog.__tablename__, log.id, due_at=(log.due_at, until), reason=(None, ruling.reason))
    tell(log, Decision.EXTENDED, ruling.reason, now, by, until)


def reopen(log: Log, until: datetime, ruling: Ruling, now: datetime, by: Actor) -> None:
    """Open a submitted week again until a moment.

    Raises DomainError on "reason" and "until", Conflict when it is not submitted.
    """
    _check(log, ruling)
    _check_until(until, now)
    if not log.is_submitted:
        raise Conflict(lazy("Week %(week)s is not submitted; it need not be reopened.", week=log.week_number))
    values = {"submitted_at": None, "submitted_by": None} | _deadline(log, until) | _NO_WISH
    _write(log, ruling, values, now)
    record(
        by, "reopen", ActivityLog.__tablename__, log.id,
        submitted_at=(log.submitted_at, None), due_at=(log.due_at, until), reason=(None, ruling.reason),
    )  # fmt: skip
    tell(log, Decision.REOPENED, ruling.reason, now, by, until)


def ask_to_reopen(log: Log, reason: str, now: datetime, by: Actor) -> None:
    """Note that who submitted a week wishes to change it, and tell the managers. Asking again changes the reason alone.

    Raises DomainError on "reason", Conflict when the week is not submitted.
    """
    _check_reason(reason, lazy("Say what you want to change."))
    if not log.is_submitted or log.is_cancelled:
        raise Conflict(lazy("Week %(week)s is not submitted; it need not be reopened.", week=log.week_number))
    _write(log, Ruling(reason, log.version), {"reopen_asked_at": now, "reopen_reason": reason}, now)
    record(by, "ask_to_reopen", ActivityLog.__tablename__, log.id, reason=(log.reopen_reason, reason))
    if log.reopen_asked_at is None:
        tell_wish(log, reason, by)


def keep_closed(log: Log, ruling: Ruling, now: datetime, by: Actor) -> None:
    """Answer such a wish with no. Raises DomainError on "reason", Conflict when nobody wishes it."""
    _check(log, ruling)
    if log.reopen_asked_at is None:
        raise Conflict(lazy("Nobody asks for week %(week)s any more.", week=log.week_number))
    _write(log, ruling, dict(_NO_WISH), now)
    record(by, "keep_closed", ActivityLog.__tablename__, log.id, reason=(None, ruling.reason))
    tell(log, Decision.KEPT_CLOSED, ruling.reason, now, by)


def _check(log: Log, ruling: Ruling) -> None:
    _check_reason(ruling.reason, lazy("Say why. Whoever owes the week reads it, and it stays in the history."))
    if log.is_cancelled:
        raise Conflict(lazy("This course is cancelled; its weeks are closed."))


def _check_reason(reason: str, message: Any) -> None:
    if not reason.strip():
        raise DomainError(message, "reason")
    if len(reason) > LONGEST_REASON:
        raise DomainError(lazy("At most %(most)s characters.", most=LONGEST_REASON), "reason")


def _check_until(until: datetime, now: datetime) -> None:
    if until <= now:
        raise DomainError(lazy("That has passed. Choose a moment to come."), "until")
    if until > now + LONGEST_EXTENSION:
        raise DomainError(lazy("That is more than a year ahead."), "until")


def _deadline(log: Log, until: datetime) -> dict[str, Any]:
    return {
        "due_at": until,
        "extended_from": log.extended_from or log.due_at,
        "deadline_version": _LOGS.c.deadline_version + 1,
    }


def _write(log: Log, ruling: Ruling, values: dict[str, Any], now: datetime) -> None:
    """One statement, under the version that was seen."""
    written = db.write(
        update(_LOGS)
        .where(_LOGS.c.id == log.id, _LOGS.c.version == ruling.version)
        .values(**values, version=_LOGS.c.version + 1, updated_at=now),
        execution_options={OF_WEEK: log.week_start},
    )
    if not written:
        raise Conflict(lazy("Someone changed this week meanwhile. Look at it as it is now, then decide again."))
