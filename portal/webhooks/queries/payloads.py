"""What messages say: ids, states and days of what they are about; a statement for each kind and five hundred of it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Facilitator
from portal.allocations.models import CourseOffering
from portal.bulk import ids_by, in_chunks
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment
from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.webhooks.events import COURSE, ENROLMENT, LEAVE, LOG, Happened

Data = dict[str, Any]
_LOGS = select(
    ActivityLog.id,
    ActivityLog.allocation_id,
    ActivityLog.facilitator_id,
    ActivityLog.week_number,
    ActivityLog.week_start,
    ActivityLog.due_at,
    ActivityLog.submitted_at,
    ActivityLog.excused_at,
    ActivityLog.version,
)
_COURSES = select(
    CourseOffering.id,
    Module.code.label("module_code"),
    CourseOffering.academic_year,
    CourseOffering.trimester,
    CourseOffering.status,
    CourseOffering.start_date,
    CourseOffering.end_date,
    CourseOffering.facilitator_id,
    CourseOffering.version,
).outerjoin(Module, Module.id == CourseOffering.module_id)
_ENROLMENTS = select(
    Enrolment.id, Enrolment.offering_id.label("course_offering_id"), Enrolment.student_id, Enrolment.status,
    Enrolment.source,
)  # fmt: skip


def tell_all(events: Iterable[Happened]) -> list[tuple[str, Data]]:
    """Type and data of each message, in the order of the events. What is gone meanwhile says nothing."""
    wanted = list(events)
    by_entity = {
        entity: read({one.entity_id for one in wanted if one.entity == entity}) for entity, read in _READERS.items()
    }
    numbers = _ids_of_people(wanted)
    found: list[tuple[str, Data]] = []
    for one in wanted:
        rows = by_entity.get(one.entity, {}).get(one.entity_id, [])
        if one.entity == COURSE:
            found.append((one.type, _of_course(one, rows, numbers)))
        else:
            found += [(one.type, row) for row in rows]
    return found


def _of_course(one: Happened, rows: Collection[Data], numbers: Mapping[str, int]) -> Data:
    gone = {"id": one.entity_id, "status": "deleted", "facilitator_id": None}
    before = one.more.get("previous_facilitator_id") or numbers.get(one.more.get("previous_employee_id") or "")
    return {**next(iter(rows), gone), "previous_facilitator_id": before}


def _ids_of_people(events: Iterable[Happened]) -> Mapping[str, int]:
    """Facilitators by the numbers by which files name them. No statement where none does."""
    named = {str(number) for one in events if (number := one.more.get("previous_employee_id"))}
    return ids_by(Facilitator.employee_id, named) if named else {}


def _reader(statement: Any, key: Any, by: Any = None) -> Callable[[Collection[int]], dict[int, list[Data]]]:
    """Reads rows by a column; `by` where that is not the row's own id."""

    def read(ids: Collection[int]) -> dict[int, list[Data]]:
        found: dict[int, list[Data]] = {}
        for part in in_chunks(sorted(ids)):
            rows = db.session.execute(statement.add_columns((by if by is not None else key).label("read_by")).where(
                (by if by is not None else key).in_(part)).order_by(key))  # fmt: skip
            for row in rows.mappings():
                data = {name: _plain(value) for name, value in row.items() if name != "read_by"}
                found.setdefault(row["read_by"], []).append(data)
        return found

    return read


_READERS: Mapping[str, Callable[[Collection[int]], dict[int, list[Data]]]] = {
    LOG: _reader(_LOGS, ActivityLog.id),
    COURSE: _reader(_COURSES, CourseOffering.id),
    ENROLMENT: _reader(_ENROLMENTS, Enrolment.id),
    LEAVE: _reader(_LOGS.where(ActivityLog.excused_at.is_not(None)), ActivityLog.id, ActivityLog.leave_id),
}


def _plain(value: Any) -> Any:
    """As the API writes it: moments in UTC with Z, days as they are."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else value
