"""A weekly log as pages and rules see it: plain, frozen rows with all that they need, and the columns behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import FromClause, Row, Select, select

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Mode, Module
from portal.extensions import db
from portal.tracker.models import ActivityLog, ActivityLogItem, ChecklistItem, ItemStatus
from portal.tracker.states import LogState, state_of, today_in

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]
# An item's status in a log, and since when.
Answer = tuple[ItemStatus, datetime]


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, and which day that is for the institution."""

    now: datetime
    today: date

    @classmethod
    def of(cls, now: datetime, zone: ZoneInfo) -> "Moment":
        """The moment `now` in the institution's time zone."""
        return cls(now, today_in(zone, now))


@dataclass(frozen=True, slots=True)
class Item:
    """One checklist item in one log. `status` is None until the log is started; `is_active` while weeks may ask it."""

    id: int
    key: str
    label_en: str
    label_fr: str
    is_active: bool
    expected: bool
    status: ItemStatus | None
    changed_at: datetime | None

    @property
    def current(self) -> ItemStatus:
        """How far it has come; what nobody touched is not started."""
        return self.status or ItemStatus.NOT_STARTED

    @property
    def shown(self) -> bool:
        """Whether the week shows it: it is expected, or somebody answered it."""
        return self.expected or self.status is not None


@dataclass(frozen=True, slots=True)
class Log:
    """One week of one course, with every item of the checklist in its order."""

    id: int
    version: int
    offering_id: int
    facilitator_id: int
    week_number: int
    week_start: date
    due_at: datetime
    started_at: datetime | None
    submitted_at: datetime | None
    excused_at: datetime | None
    excused_reason: str | None
    extended_from: datetime | None
    reopen_asked_at: datetime | None
    reopen_reason: str | None
    notes: str
    there_count: int | None
    roster_count: int | None
    offering_status: OfferingStatus
    course: str
    code: str | None
    class_name: str | None
    mode: str
    state: LogState
    all_items: tuple[Item, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """The items that the week shows."""
        return tuple(item for item in self.all_items if item.shown)

    @property
    def done_count(self) -> int:
        """How many of the shown items are done."""
        return sum(item.current is ItemStatus.DONE for item in self.items)

    @property
    def is_ready(self) -> bool:
        """Whether every expected item is done, so that nothing is left but to submit."""
        expected = [item for item in self.all_items if item.expected]
        return bool(expected) and all(item.current is ItemStatus.DONE for item in expected)

    @property
    def is_cancelled(self) -> bool:
        """Whether the course does not take place."""
        return self.offering_status is OfferingStatus.CANCELLED

    @property
    def is_submitted(self) -> bool:
        """Whether the week has been handed in, in time or late."""
        return self.state in {LogState.ON_TIME, LogState.LATE}

    @property
    def is_open(self) -> bool:
        """Whether it can be filled in: begun, neither submitted nor excused, and the course takes place."""
        return self.state in {LogState.OPEN, LogState.MISSING} and not self.is_cancelled


LOG_COLUMNS = (
    ActivityLog.id,
    ActivityLog.version,
    ActivityLog.allocation_id.label("offering_id"),
    ActivityLog.facilitator_id,
    ActivityLog.week_number,
    ActivityLog.week_start,
    ActivityLog.due_at,
    ActivityLog.started_at,
    ActivityLog.submitted_at,
    ActivityLog.excused_at,
    ActivityLog.excused_reason,
    ActivityLog.extended_from,
    ActivityLog.reopen_asked_at,
    ActivityLog.reopen_reason,
    ActivityLog.notes,
    ActivityLog.there_count,
    ActivityLog.roster_count,
    CourseOffering.status.label("offering_status"),
    COURSE_NAME.label("course"),
    Module.code.label("code"),
    ClassGroup.name.label("class_name"),
    Mode.name.label("mode"),
)
CHECKLIST_COLUMNS = (
    ChecklistItem.id.label("item_id"),
    ChecklistItem.key,
    ChecklistItem.label_en,
    ChecklistItem.label_fr,
    ChecklistItem.is_active,
    ChecklistItem.from_week,
    ChecklistItem.to_week,
)


def join_course() -> FromClause:
    """Logs with their course: outer joins keep a planner from starting at the small tables."""
    return (
        ActivityLog.__table__.join(CourseOffering.__table__, CourseOffering.id == ActivityLog.allocation_id)
        .outerjoin(Module.__table__, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup.__table__, ClassGroup.id == CourseOffering.class_id)
        .outerjoin(Mode.__table__, Mode.id == CourseOffering.mode_id)
    )


def build_log(row: AnyRow, items: Sequence[Item], moment: Moment) -> Log:
    """A log from a row of LOG_COLUMNS."""
    state = state_of(row.week_start, row.due_at, row.submitted_at, row.excused_at, moment.now, moment.today)
    given = row._mapping
    return Log(**{column.key: given[column.key] for column in LOG_COLUMNS}, state=state, all_items=tuple(items))


def build_item(row: AnyRow, week_number: int, answer: Answer | None, *, written: bool) -> Item:
    """An item from a row of CHECKLIST_COLUMNS, as it stands in a log of this week.

    A log that is `written` keeps the items that it had: what joined the checklist since is not expected of it.
    """
    status, changed_at = answer or (None, None)
    expected = is_expected(row, week_number) and (answer is not None or not written)
    return Item(
        row.item_id, row.key, row.label_en, row.label_fr, bool(row.is_active), expected, status, changed_at
    )  # fmt: skip


def is_expected(row: AnyRow, week_number: int) -> bool:
    """Whether an item of CHECKLIST_COLUMNS is to be answered in this week."""
    return bool(row.is_active and row.from_week <= week_number and (row.to_week is None or week_number <= row.to_week))


def list_checklist() -> Sequence[AnyRow]:
    """All checklist items in their order, inactive ones too (an old log may hold them). One statement."""
    return db.session.execute(_CHECKLIST).all()


def load_logs(wanted: AnySelect, moment: Moment, checklist: Sequence[AnyRow]) -> list[Log]:
    """The logs that a select of LOG_COLUMNS finds, with their items; two statements at any size."""
    rows = db.session.execute(wanted).all()
    answers = _answers([row.id for row in rows])
    return [build_log(row, _items(row.week_number, checklist, answers.get(row.id, {})), moment) for row in rows]


def _items(week_number: int, checklist: Sequence[AnyRow], answers: Mapping[int, Answer]) -> list[Item]:
    written = bool(answers)
    return [build_item(item, week_number, answers.get(item.item_id), written=written) for item in checklist]


def _answers(log_ids: Sequence[int]) -> Mapping[int, Mapping[int, Answer]]:
    """What each log says, by item."""
    found: dict[int, dict[int, Answer]] = {}
    for row in db.session.execute(_ANSWERS.where(ActivityLogItem.tracker_id.in_(log_ids))):
        found.setdefault(row.tracker_id, {})[row.item_id] = (row.status, row.updated_at)
    return found


_CHECKLIST = select(*CHECKLIST_COLUMNS).order_by(ChecklistItem.position, ChecklistItem.id)
_ANSWERS = select(
    ActivityLogItem.tracker_id, ActivityLogItem.item_id, ActivityLogItem.status, ActivityLogItem.updated_at
)
