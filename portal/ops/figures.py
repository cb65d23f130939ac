"""What the tables say about the portal's work: for Prometheus and for the administrator's page alike."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import case, column, func, select, table

from portal import clock
from portal.accounts.models import UserSession
from portal.config import Settings
from portal.extensions import db
from portal.jobs.models import Job, JobState
from portal.notifications.models import Delivery, DeliveryState
from portal.tracker.states import LogState, in_state, today_in

ACTIVE = timedelta(minutes=15)
# Imports are kept by a package beside this one: their table is known by its name alone.
_IMPORTS = table("import_runs", column("state"))
_WAITING_MAIL = (DeliveryState.PENDING, DeliveryState.CLAIMED)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its name, what it is, and its values by labels."""

    name: str
    words: str
    values: Sequence[tuple[dict[str, str], float]]


def list_figures(settings: Settings) -> Iterator[Figure]:
    """Every figure that stands in the tables. Seven statements."""
    now = clock.now()
    yield _one("active_users_total", "People who used the portal within 15 minutes.", count_active(now))
    yield _by_state("jobs", "Long work by state.", count_by_state(Job.state), JobState)
    yield _one("job_oldest_waiting_seconds", "How long the oldest long work waits.", oldest_job(now))
    yield _by_state("mails", "Mails by state.", count_by_state(Delivery.state), DeliveryState)
    yield _one("mail_oldest_waiting_seconds", "How long the oldest mail is overdue.", oldest_mail(now))
    yield _by_state("weekly_logs", "Weekly logs by state.", count_logs_by_state(now, settings), LogState)
    imports = [({"state": state}, float(count)) for state, count in count_by_state(_IMPORTS.c.state).items()]
    yield Figure("portal_import_runs", "Imports by state.", imports)


def count_active(now: datetime) -> int:
    """People with a session that was used lately."""
    recent = (UserSession.ended_at.is_(None), UserSession.last_used_at > now - ACTIVE)
    return db.session.scalar(select(func.count(UserSession.user_id.distinct())).where(*recent)) or 0


def count_by_state(state: Any) -> Mapping[str, int]:
    """How many rows a table has in each state."""
    return {str(name): count for name, count in db.session.execute(select(state, func.count()).group_by(state))}


def count_logs_by_state(now: datetime, settings: Settings) -> Mapping[str, int]:
    """Weekly logs of all terms by the state that they are in at this moment."""
    today = today_in(settings.zone, now)
    state = case(*((in_state(one, now, today), one.value) for one in LogState)).label("state")
    found = select(state).subquery()
    counted = select(found.c.state, func.count()).group_by(found.c.state)
    return {str(name): count for name, count in db.session.execute(counted)}


def oldest_job(now: datetime) -> float:
    """For how many seconds the oldest long work has been waiting."""
    return _age(db.session.scalar(select(func.min(Job.created_at)).where(Job.state == JobState.WAITING)), now)


def oldest_mail(now: datetime) -> float:
    """For how many seconds the oldest mail could have been on its way."""
    waiting = (Delivery.state.in_(_WAITING_MAIL), Delivery.next_attempt_at <= now)
    return _age(db.session.scalar(select(func.min(Delivery.next_attempt_at)).where(*waiting)), now)


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0


def _one(name: str, words: str, value: float) -> Figure:
    return Figure(f"portal_{name}" if name != "active_users_total" else name, words, [({}, value)])


def _by_state(name: str, words: str, counts: Mapping[str, int], states: type[StrEnum]) -> Figure:
    return Figure(f"portal_{name}", words, [({"state": state.value}, counts.get(state.value, 0)) for state in states])
