"""What the tables say about the portal's work: for Prometheus and for the administrator's page alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import Flask
from sqlalchemy import case, column, func, select, table

from portal import clock
from portal.accounts.models import UserSession
from portal.config import Settings
from portal.database import only_reading
from portal.extensions import db
from portal.jobs.models import Job, JobState
from portal.learning.models import StoredFile
from portal.migrating import count_pending
from portal.notifications.models import Delivery, DeliveryState
from portal.notifications.queries.deliveries import find_queue_state
from portal.ops.models import Pass
from portal.ops.probing import LIMIT, Probe, answers_in_turn
from portal.tracker.states import LogState, in_state, today_in
from portal.webhooks.models import MessageState, WebhookDelivery
from portal.webhooks.queries.deliveries import count_by_result
from portal.webhooks.queries.endpoints import count_standing

ACTIVE = timedelta(minutes=15)
_LATELY = timedelta(days=7)
# Imports are kept by a package beside this one: their table is known by its name alone.
_IMPORTS = table("import_runs", column("state"))
_PROBES = "portal_figures"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its name, what it is, and its values by labels."""

    name: str
    words: str
    values: Sequence[tuple[dict[str, str], float]]


def list_figures(app: Flask) -> Sequence[Figure]:
    """Every figure that stands in the tables, as far as the database gives it within a second.

    Whatever hangs is left out, and the last figure says so: what watches over the portal must not hang with it.
    """
    if _PROBES not in app.extensions:
        app.extensions[_PROBES] = [
            Probe(_asked_beside(app, part)) for part in (queue_figures, table_figures, message_figures)
        ]
    answers = answers_in_turn(LIMIT, app.extensions[_PROBES])
    found = [figure for answer in answers for figure in answer or ()]
    told = "Whether the tables could be asked within a second, by what was asked."
    parts = [({"part": name}, float(answer is not None)) for name, answer in zip(_PARTS, answers, strict=True)]
    return [*found, Figure("portal_tables_answered", told, parts)]


_PARTS = ("queue", "tables", "messages")


def _asked_beside(app: Flask, part: Callable[[Settings], Iterator[Figure]]) -> Callable[[], Sequence[Figure]]:
    def ask() -> Sequence[Figure]:
        with app.app_context(), only_reading():
            return list(part(app.config["PORTAL"]))

    return ask


def queue_figures(_settings: Settings) -> Iterator[Figure]:
    """What waits to be done: how much, and for how long. Four statements on what is not done yet alone."""
    now = clock.now()
    ages = [({"name": name}, _age(last, now)) for name, last in last_passes().items()]
    yield Figure("portal_pass_age_seconds", "How long ago the worker's regular jobs last went through.", ages)
    yield _by_state("jobs", "Long work by state.", count_by_state(Job.state), JobState)
    yield _one("job_oldest_waiting_seconds", "How long the oldest long work waits.", oldest_job(now))
    mails = find_queue_state(now)
    counts = {"ready": mails.ready, "deferred": mails.deferred, "retrying": mails.retrying,
              "claimed": mails.claimed, "failed": mails.failed}  # fmt: skip
    yield Figure("portal_mails", "Mails that were not sent, by state.", [({"state": n}, c) for n, c in counts.items()])
    yield _one("mail_oldest_waiting_seconds", "How long the oldest mail is overdue.", _age(mails.oldest, now))


def table_figures(settings: Settings) -> Iterator[Figure]:
    """How the rest stands. Three statements."""
    now = clock.now()
    yield _one("active_users_total", "People who used the portal within 15 minutes.", count_active(now))
    yield _by_state("weekly_logs", "Weekly logs by state.", count_logs_by_state(now, settings), LogState)
    imports = [({"state": state}, float(count)) for state, count in count_by_state(_IMPORTS.c.state).items()]
    yield Figure("portal_import_runs", "Imports by state.", imports)


def message_figures(_settings: Settings) -> Iterator[Figure]:
    """How messages for other systems stand. Four statements."""
    messages = count_by_state(WebhookDelivery.state)
    yield _by_state("webhook_messages", "Messages for other systems that are kept, by state.", messages, MessageState)
    results = [({"result": result}, float(count)) for result, count in count_by_result().items()]
    yield Figure("portal_webhook_attempts", "Attempts to send them that are kept, by how they ended.", results)
    standing = [({"state": state}, float(count)) for state, count in count_standing().items()]
    yield Figure("portal_webhook_endpoints", "Endpoints of other systems by how they stand.", standing)
    oldest = oldest_message(clock.now())
    yield _one("webhook_oldest_waiting_seconds", "How long the oldest such message is overdue.", oldest)


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


def oldest_message(now: datetime) -> float:
    """For how many seconds the oldest message for another system could have been on its way."""
    waiting = (WebhookDelivery.state == MessageState.PENDING, WebhookDelivery.next_attempt_at <= now)
    return _age(db.session.scalar(select(func.min(WebhookDelivery.next_attempt_at)).where(*waiting)), now)


def _age(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0


def _one(name: str, words: str, value: float) -> Figure:
    return Figure(f"portal_{name}" if name != "active_users_total" else name, words, [({}, value)])


def _by_state(name: str, words: str, counts: Mapping[str, int], states: type[StrEnum]) -> Figure:
    return Figure(f"portal_{name}", words, [({"state": state.value}, counts.get(state.value, 0)) for state in states])


def last_passes() -> Mapping[str, datetime]:
    """When each regular job last went through; before the first time, since when it could have."""
    moment = func.coalesce(Pass.finished_at, Pass.created_at, type_=Pass.created_at.type)
    return {str(name): last for name, last in db.session.execute(select(Pass.name, moment))}


def last_pass(name: str) -> Pass | None:
    """When a regular job last went through."""
    return db.session.get(Pass, name)


def count_failed_mails(now: datetime) -> int:
    """Mails that were given up within seven days."""
    failed = (Delivery.state == DeliveryState.FAILED, Delivery.updated_at > now - _LATELY)
    return db.session.scalar(select(func.count()).select_from(Delivery).where(*failed)) or 0


def stored_files() -> tuple[int, int]:
    """How many files were uploaded, and their bytes together."""
    count, size = db.session.execute(select(func.count(), func.coalesce(func.sum(StoredFile.size), 0))).one()
    return int(count), int(size)


def pending_migrations() -> tuple[int | None, str]:
    """How many revisions of this code the database does not have yet, and the one that it has.

    None where it has one that this code does not know: a newer version has been here.
    """
    from alembic.migration import MigrationContext

    present = MigrationContext.configure(db.session.connection()).get_current_revision()
    return count_pending(present), present or "–"
