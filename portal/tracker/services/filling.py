"""What a program says of a week in one go: items, notes, who was there; and taking all of it back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Table, delete, select, update

from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, lazy
from portal.extensions import db
from portal.pulses import QUIET
from portal.tracker.models import ActivityLog, ActivityLogItem, Attendance, AttendanceState, ItemStatus
from portal.tracker.queries import Log, Moment
from portal.tracker.queries.attendance import THERE, Place, sheet_of
from portal.tracker.queries.programs import most_students, who_was_there
from portal.tracker.services import attendance
from portal.tracker.services.attendance import HeadCount, Marks, Sheet
from portal.tracker.services.logs import check_open, reload, save, too_many
from portal.tracker.services.merging import Edit

_LOGS = cast(Table, ActivityLog.__table__)


@dataclass(frozen=True, slots=True)
class Filling:
    """Statuses by item key, notes, and in roster order who was there; None leaves notes or attendance alone.

    Items of `unasked` may be answered although the week does not expect them.
    """

    statuses: Mapping[str, ItemStatus] = field(default_factory=dict)
    notes: str | None = None
    there: Sequence[bool] | None = None
    unasked: Collection[str] = ()


def fill_in(log: Log, filling: Filling, moment: Moment, by: Actor, *, submit: bool = False) -> Log:
    """Write all of it or nothing, and hand the week in if `submit`; gives the log as it stands then.

    Raises Conflict when the week is locked or somebody changed it meanwhile, DomainError on "attendance",
    "notes" and on the key of an item that cannot be answered in this week.
    """
    check_open(log)
    if filling.there is not None:
        _hold(log)
        log = _take(log, filling.there, moment, by)
    edit = Edit(log.version, filling.statuses, notes=filling.notes, unasked=filling.unasked)
    saved = save(log, edit, moment, by, submit=submit, again=False)
    if saved.clashes:
        raise too_many()
    return saved.log


def _hold(log: Log) -> None:
    """What is said in two steps is about one version of the week. Raises Conflict when it is another one by now."""
    wanted = select(_LOGS.c.version).where(_LOGS.c.id == log.id).with_for_update()
    if db.session.scalar(wanted) != log.version:
        raise too_many()


def _take(log: Log, there: Sequence[bool], moment: Moment, by: Actor) -> Log:
    places = sheet_of(log)
    if places:
        if len(there) != len(places):
            raise DomainError(
                lazy(
                    "Attendance has %(given)s entries; the roster has %(roster)s.", given=len(there), roster=len(places)
                ),
                "attendance",
            )
        was = {place.enrolment_id: place.state for place in places if place.state is not None}
        taken = attendance.take(log, Sheet(_marks(places, there), was), moment, by)
        if taken.clashes:
            raise too_many()
        # Taking attendance begins a week: its items are written by now.
        return reload(log, moment)
    if not there or list(there) == who_was_there([log]).get(log.id):
        return log
    most = most_students(log.offering_id)
    if len(there) > most:
        raise DomainError(
            lazy("Attendance has %(given)s entries; the course has %(places)s places.", given=len(there), places=most),
            "attendance",
        )
    attendance.count_heads(log, HeadCount(sum(there), len(there), there), attendance.counted(log), moment, by)
    return reload(log, moment)


def _marks(places: Sequence[Place], there: Sequence[bool]) -> Marks:
    """The marks that say who was there; "late" and "excused" say it more closely, and stay where they agree."""
    plain = {True: AttendanceState.PRESENT, False: AttendanceState.ABSENT}
    return {
        place.enrolment_id: place.state if place.state is not None and (place.state in THERE) == was else plain[was]
        for place, was in zip(places, there, strict=True)
    }


def empty(log: Log, moment: Moment, by: Actor) -> None:
    """Take back all that was said of an open week: it stands as one that nobody has begun. The audit keeps what it was.

    Raises Locked for a week that is handed in or closed otherwise, Conflict when somebody changed it meanwhile.
    """
    check_open(log)
    if log.started_at is None:
        return
    nothing: dict[str, Any] = {
        "started_at": None, "done_count": 0, "notes": "", "there_count": None, "roster_count": None,
    }  # fmt: skip
    taken = db.write(
        update(_LOGS)
        .where(_LOGS.c.id == log.id, _LOGS.c.version == log.version, _LOGS.c.submitted_at.is_(None))
        .values(**nothing, version=log.version + 1, updated_at=moment.now),
        execution_options={QUIET: True},
    )
    if not taken:
        raise Conflict(lazy("Someone else changed this week meanwhile. Read it again, then repeat your change."))
    for rows in (ActivityLogItem, Attendance):
        db.session.execute(delete(rows).where(rows.tracker_id == log.id))
    was: dict[str, tuple[Any, Any]] = {
        item.key: (item.current, ItemStatus.NOT_STARTED)
        for item in log.all_items
        if item.current is not ItemStatus.NOT_STARTED
    }
    if log.notes:
        was["notes"] = (log.notes, "")
    record(by, "clear", ActivityLog.__tablename__, log.id, **was)
