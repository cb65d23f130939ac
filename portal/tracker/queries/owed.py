"""Which weekly logs are owed: in the two days before their deadline, and after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, String, Table, bindparam, case, func, literal, select, type_coerce

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.catalogue.models import ClassGroup, Module
from portal.database import UtcDateTime
from portal.extensions import db
from portal.notifications.models import Notification
from portal.tracker.models import ActivityLog

DUE = "log_due"
MISSING = "log_missing"
NOTICE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class OwedRow:
    """One log that a person owes; `stage` is DUE or MISSING at the moment of asking."""

    log_id: int
    offering_id: int
    user_id: int
    deadline_version: int
    week: int
    due_at: datetime
    code: str | None
    course: str
    class_name: str | None
    stage: str

    @property
    def dedupe_key(self) -> str:
        """The same as `_KEY` makes in the database: obligation, stage, deadline and recipient.

        The course is part of it because SQLite gives the id of a deleted log to a later one.
        """
        return f"{self.stage}:{self.offering_id}:{self.log_id}:{self.deadline_version}:{self.user_id}"


_NOW = bindparam("now", type_=UtcDateTime)
_UNTIL = bindparam("until", type_=UtcDateTime)
_LOG = cast(Table, ActivityLog.__table__).c
_STAGE = case((_LOG.due_at < _NOW, literal(MISSING, String)), else_=literal(DUE, String))


def _joined(*parts: ColumnElement[Any]) -> ColumnElement[str]:
    """Parts with colons between; the operator is `||` or concat() as the database has it.

    Without a cast: MariaDB gives a cast text a collation of its own and refuses to compare it with a column of another.
    """
    text: ColumnElement[str] = type_coerce(parts[0], String)
    for part in parts[1:]:
        text = text.concat(":").concat(type_coerce(part, String))
    return text


_KEY = _joined(_STAGE, _LOG.allocation_id, _LOG.id, _LOG.deadline_version, cast(ColumnElement[int], User.id))


def _owed() -> Select[Any]:
    return (
        select(
            _LOG.id,
            _LOG.allocation_id,
            User.id,
            _LOG.deadline_version,
            _LOG.week_number,
            _LOG.due_at,
            Module.code,
            func.coalesce(CourseOffering.title, Module.name, literal("")),
            ClassGroup.name,
        )
        .select_from(ActivityLog)
        .join(CourseOffering, CourseOffering.id == _LOG.allocation_id)
        .join(Facilitator, Facilitator.id == _LOG.facilitator_id)
        .join(User, User.id == Facilitator.user_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .where(
            _LOG.submitted_at.is_(None),
            _LOG.excused_at.is_(None),
            _LOG.due_at <= _UNTIL,
            CourseOffering.status.in_([OfferingStatus.PLANNED, OfferingStatus.ACTIVE]),
            User.is_active,
        )
    )


_UNTOLD = (
    _owed()
    .outerjoin(Notification, Notification.dedupe_key == _KEY)
    .where(Notification.id.is_(None))
    # One order for all workers: two that tell the same facts at once wait for each other and do not deadlock.
    .order_by(User.id, _LOG.id)
)
_OF_PERSON = _owed().where(User.id == bindparam("user_id")).order_by(_LOG.due_at, Module.code, _LOG.id)


def logs_owed(now: datetime) -> Sequence[OwedRow]:
    """All owed logs whose facilitator was not yet told at this stage and deadline, by person. One statement."""
    return _rows(_UNTOLD, now)


def logs_owed_by(user_id: int, now: datetime) -> Sequence[OwedRow]:
    """All that one person owes, told or not, oldest deadline first. One statement."""
    return _rows(_OF_PERSON, now, user_id=user_id)


def _rows(statement: Select[Any], now: datetime, **values: int) -> Sequence[OwedRow]:
    found: Sequence[Any] = db.session.execute(statement, {"now": now, "until": now + NOTICE, **values}).all()
    return [OwedRow(*(*row, MISSING if row.due_at < now else DUE)) for row in found]
