"""Leave of facilitators: for planning, and for the page."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering
from portal.extensions import db
from portal.tracker.models import ActivityLog, Leave

# A week falls under a leave that covers the most of its five weekdays.
_WEEKDAYS, _MOST = 5, 3


@dataclass(frozen=True, slots=True)
class Absence:
    """A leave as planning sees it; both days are included."""

    id: int
    facilitator_id: int
    first_day: date
    last_day: date
    substitute_id: int | None
    reason: str
    granted_by: int | None

    def covers(self, monday: date) -> bool:
        """Whether the week of this Monday falls under it."""
        days = (monday + timedelta(days=n) for n in range(_WEEKDAYS))
        return sum(self.first_day <= day <= self.last_day for day in days) >= _MOST


_ABSENCE = (
    Leave.id,
    Leave.facilitator_id,
    Leave.first_day,
    Leave.last_day,
    Leave.substitute_id,
    Leave.reason,
    Leave.granted_by,
)
_ABSENCES = select(*_ABSENCE).order_by(Leave.first_day, Leave.id)


@dataclass(frozen=True, slots=True)
class LeaveRow:
    """A leave in the list; `weeks` counts the weekly logs that it excused or handed on. No `substitute`: excused."""

    id: int
    facilitator_id: int
    name: str
    code: str
    first_day: date
    last_day: date
    substitute: str
    reason: str
    weeks: int


def list_absences() -> list[Absence]:
    """Every leave there is, earliest first. One statement."""
    return [Absence(*row) for row in db.session.execute(_ABSENCES)]


def find_absence(leave_id: int) -> Absence | None:
    """One leave. One statement."""
    row = db.session.execute(select(*_ABSENCE).where(Leave.id == leave_id)).one_or_none()
    return Absence(*row) if row else None


def overlapping(facilitator_id: int, first_day: date, last_day: date) -> bool:
    """Whether somebody is on leave already on one of these days. One statement."""
    wanted = select(Leave.id).where(
        Leave.facilitator_id == facilitator_id, Leave.first_day <= last_day, Leave.last_day >= first_day
    )
    return db.session.scalar(wanted.limit(1)) is not None


def list_leaves(today: date, *, past: bool, limit: int) -> list[LeaveRow]:
    """Leaves that last or are to come, the soonest first; or those that are over, the latest first. One statement."""
    standing_in, stand_in = aliased(Facilitator), aliased(User)
    weeks = select(func.count()).where(ActivityLog.leave_id == Leave.id).scalar_subquery()
    wanted = (
        select(
            Leave.id,
            Leave.facilitator_id,
            User.first_name,
            User.last_name,
            Facilitator.employee_id,
            Leave.first_day,
            Leave.last_day,
            stand_in.first_name.label("other_first"),
            stand_in.last_name.label("other_last"),
            Leave.reason,
            weeks.label("weeks"),
        )
        .join(Facilitator, Facilitator.id == Leave.facilitator_id)
        .join(User, User.id == Facilitator.user_id)
        .outerjoin(standing_in, standing_in.id == Leave.substitute_id)
        .outerjoin(stand_in, stand_in.id == standing_in.user_id)
    )
    if past:
        wanted = wanted.where(Leave.last_day < today).order_by(Leave.last_day.desc(), Leave.id.desc())
    else:
        wanted = wanted.where(Leave.last_day >= today).order_by(Leave.first_day, Leave.id)
    return [_row(row) for row in db.session.execute(wanted.limit(limit))]


def _row(row: Any) -> LeaveRow:
    return LeaveRow(
        row.id,
        row.facilitator_id,
        full_name(row.first_name, row.last_name),
        row.employee_id,
        row.first_day,
        row.last_day,
        f"{row.other_first or ''} {row.other_last or ''}".strip(),
        row.reason,
        row.weeks,
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """What a leave did: weekly logs that it excused or handed on, and those that were begun before and stay."""

    weeks: int
    begun: int


def effect_of(absence: Absence) -> Effect:
    """What came of a leave. One statement."""
    during = and_(
        ActivityLog.facilitator_id == absence.facilitator_id,
        ActivityLog.leave_id.is_(None),
        ActivityLog.started_at.is_not(None),
        ActivityLog.submitted_at.is_(None),
        ActivityLog.week_start.between(absence.first_day, absence.last_day),
    )
    row = db.session.execute(
        select(
            func.sum(case((ActivityLog.leave_id == absence.id, 1), else_=0)),
            func.sum(case((during, 1), else_=0)),
        ).where(or_(ActivityLog.leave_id == absence.id, during))
    ).one()
    return Effect(int(row[0] or 0), int(row[1] or 0))


def courses_touched_by(absence: Absence) -> list[int]:
    """The courses whose weekly logs a leave may change: of its person, taught or owed. Two statements."""
    taught = select(CourseOffering.id).where(
        CourseOffering.facilitator_id == absence.facilitator_id,
        CourseOffering.start_date <= absence.last_day,
        CourseOffering.end_date >= absence.first_day,
    )
    owed = select(ActivityLog.allocation_id).where(
        or_(ActivityLog.facilitator_id == absence.facilitator_id, ActivityLog.leave_id == absence.id)
    )
    return sorted({*db.session.scalars(taught), *db.session.scalars(owed.distinct())})
