"""What "This week" shows: where a facilitator stands, and the logs to fill in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.catalogue.calendar import monday_of
from portal.extensions import db
from portal.tracker.models import ActivityLog, ActivityLogItem
from portal.tracker.queries.rows import LOG_COLUMNS, AnyRow, AnySelect, Log, Moment, is_expected, join_course, load_logs
from portal.tracker.states import LogState, in_state

# So many logs at once stay quick to draw and to walk through.
PAGE_SIZE = 60
SUBMITTED_SHOWN = 20
_TERM_IS_PAST = timedelta(days=300)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of a long list begins: after this log that waits."""

    due_at: datetime
    log_id: int

    def encode(self) -> str:
        """The place as it stands in an address."""
        return f"{int(self.due_at.timestamp())}-{self.log_id}"

    @classmethod
    def decode(cls, text: str | None) -> "Place | None":
        """The place in an address; None when there is none, or it makes no sense (the first part then)."""
        parts = (text or "").split("-")
        if len(parts) != 2 or not all(part.isdecimal() and len(part) < 12 for part in parts):
            return None
        try:
            return cls(datetime.fromtimestamp(int(parts[0]), UTC), int(parts[1]) % 2**31)
        except (OverflowError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class WeekFilter:
    """Which logs are wanted: of one week (its Monday), of one course, from a place on."""

    week: date | None = None
    offering_id: int | None = None
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class WeekCount:
    """One teaching week in a person's standing; `items` and `done` count the logs that the page shows."""

    year: int
    trimester: int
    start: date
    number: int
    logs: int
    missing: int
    open: int
    submitted: int
    items: int
    done: int
    next_due: datetime | None


def standing(facilitator_id: int, moment: Moment, checklist: Sequence[AnyRow]) -> list[WeekCount]:
    """A person's weeks, oldest first: those of the last terms, and any older one that is still owed. One statement."""
    rows = db.session.execute(_standing(facilitator_id, moment)).all()
    return [
        WeekCount(
            row.academic_year, row.trimester, row.week_start, row.week_number,
            row.logs, int(row.missing), int(row.open), int(row.submitted),
            int(row.items) + int(row.untouched) * sum(is_expected(item, row.week_number) for item in checklist),
            int(row.done), row.next_due,
        )
        for row in rows
    ]  # fmt: skip


def _standing(facilitator_id: int, moment: Moment) -> AnySelect:
    missing, open_now = (
        in_state(LogState.MISSING, moment.now, moment.today),
        in_state(LogState.OPEN, moment.now, moment.today),
    )
    submitted = _recently_submitted(moment)
    shown = or_(missing, open_now, submitted)
    recent = ActivityLog.week_start >= moment.today - _TERM_IS_PAST
    return (
        select(
            CourseOffering.academic_year,
            CourseOffering.trimester,
            ActivityLog.week_start,
            ActivityLog.week_number,
            func.count().label("logs"),
            _sum(missing).label("missing"),
            _sum(open_now).label("open"),
            _sum(submitted).label("submitted"),
            func.sum(case((shown, ActivityLog.done_count), else_=0)).label("done"),
            _written_items(shown).label("items"),
            _sum(and_(shown, ActivityLog.started_at.is_(None))).label("untouched"),
            func.min(case((open_now, ActivityLog.due_at))).label("next_due"),
        )
        .select_from(ActivityLog)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(ActivityLog.facilitator_id == facilitator_id, _takes_place(), or_(recent, missing))
        .group_by(
            CourseOffering.academic_year, CourseOffering.trimester, ActivityLog.week_start, ActivityLog.week_number
        )
        .order_by(ActivityLog.week_start, func.count().desc(), ActivityLog.week_number)
    )


def _written_items(shown: ColumnElement[bool]) -> ColumnElement[int]:
    """The items of logs that are written: they keep what they had, whatever the checklist has become."""
    written = select(func.count()).where(ActivityLogItem.tracker_id == ActivityLog.id).scalar_subquery()
    return func.sum(case((and_(shown, ActivityLog.started_at.is_not(None)), written), else_=0))


def list_logs_to_do(
    facilitator_id: int, wanted: WeekFilter, moment: Moment, checklist: Sequence[AnyRow]
) -> tuple[list[Log], Place | None]:
    """Overdue logs first, then open ones: at most PAGE_SIZE, and where to go on. At the end some submitted of late.

    Two statements at any size.
    """
    logs = load_logs(_to_do(facilitator_id, wanted, moment), moment, checklist)
    waiting = [log for log in logs if not log.is_submitted]
    if len(waiting) > PAGE_SIZE:
        last = waiting[PAGE_SIZE - 1]
        return waiting[:PAGE_SIZE], Place(last.due_at, last.id)
    return waiting + [log for log in logs if log.is_submitted][:SUBMITTED_SHOWN], None


def _to_do(facilitator_id: int, wanted: WeekFilter, moment: Moment) -> AnySelect:
    waiting = and_(
        ActivityLog.submitted_at.is_(None), ActivityLog.excused_at.is_(None), ActivityLog.week_start <= moment.today
    )
    bucket = case((ActivityLog.submitted_at.is_(None), literal(0)), else_=literal(1))
    found = (
        select(*LOG_COLUMNS)
        .select_from(join_course())
        .where(ActivityLog.facilitator_id == facilitator_id, _takes_place(), or_(waiting, _recently_submitted(moment)))
    )
    if wanted.week is not None:
        found = found.where(ActivityLog.week_start == wanted.week)
    if wanted.offering_id is not None:
        found = found.where(ActivityLog.allocation_id == wanted.offering_id)
    if wanted.after is not None:
        found = found.where(or_(ActivityLog.submitted_at.is_not(None), _beyond(wanted.after)))
    return found.order_by(bucket, ActivityLog.due_at, ActivityLog.id).limit(PAGE_SIZE + 1)


def _beyond(place: Place) -> ColumnElement[bool]:
    same = and_(ActivityLog.due_at == place.due_at, ActivityLog.id > place.log_id)
    return or_(ActivityLog.due_at > place.due_at, same)


def _recently_submitted(moment: Moment) -> ColumnElement[bool]:
    """Handed in since Monday, or for a week that is not due yet: what a person still has in mind."""
    since = datetime.combine(monday_of(moment.today), datetime.min.time(), UTC)
    return and_(
        ActivityLog.excused_at.is_(None),
        ActivityLog.submitted_at.is_not(None),
        or_(ActivityLog.submitted_at >= since, ActivityLog.due_at >= moment.now),
    )


def _takes_place() -> ColumnElement[bool]:
    return CourseOffering.status != OfferingStatus.CANCELLED


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
