"""Nudging: a manager tells people of weeks they owe, each person at most once a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.accounts.models import User
from portal.audit.services import Actor, Change, record_many
from portal.bulk import in_chunks
from portal.extensions import db
from portal.notifications.models import Notification
from portal.notifications.services import Fact, notify_many
from portal.tracker.models import ActivityLog
from portal.tracker.queries.told import NUDGE
from portal.tracker.queries.watched import OwedLog


@dataclass(frozen=True, slots=True)
class Nudged:
    """What a nudge did: people told and the weeks they owe, and how many people had been nudged that day."""

    people: int
    weeks: int
    already: int


def nudge(owed: Sequence[OwedLog], day_began: datetime, now: datetime, by: Actor) -> Nudged:
    """Tell everyone who owes these logs and was not nudged since the day began, in the caller's transaction."""
    people = sorted({log.user_id for log in owed})
    _lock(people)
    told = _nudged_since(people, day_began)
    fresh = [log for log in owed if log.user_id not in told]
    day = day_began.date().isoformat()
    notify_many([_fact(log, day) for log in fresh])
    record_many(by, [Change("nudge", ActivityLog.__tablename__, log.log_id, {"nudged": (None, now)}) for log in fresh])
    return Nudged(len(people) - len(told), len(fresh), len(told))


def _lock(user_ids: Sequence[int]) -> None:
    """Two managers who nudge the same people follow each other, always in the same order."""
    for ids in in_chunks(user_ids):
        db.session.execute(select(User.id).where(User.id.in_(ids)).order_by(User.id).with_for_update()).all()


def _nudged_since(user_ids: Sequence[int], moment: datetime) -> set[int]:
    found: set[int] = set()
    for ids in in_chunks(user_ids):
        found |= set(
            db.session.scalars(
                select(Notification.recipient_id).where(
                    Notification.recipient_id.in_(ids), Notification.kind == NUDGE, Notification.created_at >= moment
                )
            )
        )
    return found


def _fact(log: OwedLog, day: str) -> Fact:
    params = {
        "log_id": log.log_id,
        "offering_id": log.offering_id,
        "code": log.code,
        "module": log.course,
        "class": log.class_name,
        "week": log.week,
        "due_at": log.due_at.isoformat(),
    }
    return Fact(log.user_id, NUDGE, params, f"{NUDGE}:{log.offering_id}:{log.log_id}:{day}:{log.user_id}")
