"""Which weekly logs are owed, and at which stage of the ladder they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, String, Table, bindparam, case, literal, select, type_coerce
from sqlalchemy.orm import aliased

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Module
from portal.database import UtcDateTime
from portal.extensions import db
from portal.notifications.models import Notification
from portal.tracker.ladder import DUE, MISSING, TODAY, base_of, latest_first
from portal.tracker.models import ActivityLog

# A mail says too what is due so soon, whether it was told of or not.
NOTICE = timedelta(days=2)
STAGES = (MISSING, TODAY, DUE)


@dataclass(frozen=True, slots=True)
class OwedRow:
    """One log that a person owes; `stage` is MISSING, TODAY or DUE at the moment of asking, or one added to these."""

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
    def is_overdue(self) -> bool:
        """Whether its deadline has passed."""
        return self.kind == MISSING

    @property
    def kind(self) -> str:
        """As what it is told."""
        return base_of(self.stage)

    @property
    def dedupe_key(self) -> str:
        """The same as `_key` makes in the database: obligation, stage, deadline and recipient.

        The course is part of it because SQLite gives the id of a deleted log to a later one.
        """
        return f"{self.stage}:{self.offering_id}:{self.log_id}:{self.deadline_version}:{self.user_id}"


_NOW = bindparam("now", type_=UtcDateTime)
_UNTIL = bindparam("until", type_=UtcDateTime)
_LOG = cast(Table, ActivityLog.__table__).c


# Only the latest stage is told: after an outage nobody hears of the steps between. What is overdue is not due any more.
_OVERDUE = _LOG.due_at < _NOW


def _stage(keys: Sequence[str]) -> ColumnElement[Any]:
    """The first of these stages, the latest first, that has begun; none where none has."""
    whens = []
    for place, key in enumerate(keys):
        begun = _LOG.due_at < bindparam(f"begun_{place}", type_=UtcDateTime)
        whens.append(((_OVERDUE if base_of(key) == MISSING else ~_OVERDUE) & begun, literal(key, String)))
    return case(*whens)


def _joined(*parts: ColumnElement[Any]) -> ColumnElement[str]:
    """Parts with colons between; the operator is `||` or concat() as the database has it.

    Without a cast: MariaDB gives a cast text a collation of its own and refuses to compare it with a column of another.
    """
    text: ColumnElement[str] = type_coerce(parts[0], String)
    for part in parts[1:]:
        text = text.concat(":").concat(type_coerce(part, String))
    return text


def _key(stage: ColumnElement[str]) -> ColumnElement[str]:
    return _joined(stage, _LOG.allocation_id, _LOG.id, _LOG.deadline_version, cast(ColumnElement[int], User.id))


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
            COURSE_NAME,
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


@lru_cache(maxsize=32)
def _untold(keys: tuple[str, ...]) -> Select[Any]:
    """Those at a stage of which, and of any later one, nobody was told under this deadline."""
    stage = _stage(keys)
    found = _owed().add_columns(stage).where(stage.is_not(None))
    for place, key in enumerate(keys):
        told = aliased(Notification, name=f"told_{place}")
        found = found.outerjoin(told, told.dedupe_key == _key(literal(key, String)))
        is_untold: ColumnElement[bool] = told.id.is_(None)
        found = found.where(is_untold | stage.in_(keys[:place]) if place else is_untold)
    # One order for all workers: two that tell the same facts at once wait for each other and do not deadlock.
    return found.order_by(User.id, _LOG.id)


_OF_PERSON = _owed().where(User.id == bindparam("user_id")).order_by(_LOG.due_at, Module.code, _LOG.id)


def logs_owed(now: datetime, cutoffs: Mapping[str, datetime]) -> Sequence[OwedRow]:
    """All owed logs whose facilitator was not yet told at this stage and deadline, by person. One statement.

    `cutoffs` are those of the ladder at this moment.
    """
    keys = latest_first(cutoffs, STAGES)
    begun = {f"begun_{place}": cutoffs[key] for place, key in enumerate(keys)}
    values = {"now": now, "until": max(begun.values()), **begun}
    return [OwedRow(*row) for row in db.session.execute(_untold(keys), values)]


def logs_owed_by(user_id: int, now: datetime, until: datetime) -> Sequence[OwedRow]:
    """All that one person owes of what is due until then, told or not, oldest deadline first. One statement."""
    found: Sequence[Any] = db.session.execute(_OF_PERSON, {"until": until, "user_id": user_id}).all()
    return [OwedRow(*(*row, MISSING if row.due_at < now else DUE)) for row in found]
