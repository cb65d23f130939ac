"""Course offerings as programs read them. Statements are built once; rows are plain."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, and_, bindparam, func, or_, select, type_coerce

from portal.accounts.models import Facilitator, Student, User
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.queries.filters import OfferingFilter, conditions_of_texts
from portal.allocations.queries.listing import RUNNING
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db
from portal.pulses import COURSES, kept
from portal.scoping import narrowed

SORTS = {
    "id": CourseOffering.id,
    "start_date": CourseOffering.start_date,
    "end_date": CourseOffering.end_date,
    "max_students": CourseOffering.max_students,
    "enrolled_count": CourseOffering.enrolled_count,
    "status": CourseOffering.status,
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose courses may be read: all with `sees_all`, else those that somebody teaches or is on, and open ones."""

    sees_all: bool
    facilitator_id: int | None = None
    student_of: int | None = None  # the user id of a student


@dataclass(frozen=True, slots=True)
class OfferingWish:
    """Which courses are wanted; None narrows nothing."""

    trimester: int | None = None
    academic_year: int | None = None
    intake_period: IntakePeriod | None = None
    cohort_id: int | None = None
    facilitator_id: int | None = None
    mode_id: int | None = None
    module_id: int | None = None
    class_id: int | None = None
    status: OfferingStatus | None = None
    kind: OfferingKind | None = None
    unallocated: bool | None = None
    q: str = ""
    updated_since: datetime | None = None


_ROWS = (
    select(
        CourseOffering.id, CourseOffering.start_date, CourseOffering.end_date, CourseOffering.max_students,
        # As words, which are looked up below: a list of a hundred has three hundred of them.
        type_coerce(CourseOffering.status, String), type_coerce(CourseOffering.kind, String),
        CourseOffering.trimester, CourseOffering.academic_year,
        type_coerce(CourseOffering.intake_period, String), CourseOffering.enrolled_count,
        CourseOffering.title, CourseOffering.summary, CourseOffering.version,
        Module.id.label("module_id"), Module.code, Module.name.label("module_name"), Module.credits,
        ClassGroup.id.label("class_id"), ClassGroup.name.label("class_name"),
        Cohort.id.label("cohort_id"), Cohort.code.label("cohort_code"), Cohort.name.label("cohort_name"),
        Mode.id.label("mode_id"), Mode.name.label("mode_name"),
        Facilitator.id.label("facilitator_id"), User.first_name, User.last_name, User.email,
    )
    .select_from(CourseOffering)
    # Left joins: the optimizer starts from the courses then.
    .outerjoin(Module, Module.id == CourseOffering.module_id)
    .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
    .outerjoin(Cohort, Cohort.id == CourseOffering.cohort_id)
    .outerjoin(Mode, Mode.id == CourseOffering.mode_id)
    .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
    .outerjoin(User, User.id == Facilitator.user_id)
)  # fmt: skip
_ONE = _ROWS.where(CourseOffering.id == bindparam("offering_id"))

_COLUMNS = (
    "trimester", "academic_year", "intake_period", "cohort_id", "facilitator_id", "mode_id", "module_id", "class_id",
    "status", "kind",
)  # fmt: skip
# What of a reader stands in a statement, beside the columns.
_TAUGHT_BY, _STUDENT, _SINCE = "taught_by", "student", "updated_since"
_STATUSES, _KINDS, _INTAKES = (
    {one.value: one for one in words} for words in (OfferingStatus, OfferingKind, IntakePeriod)
)

Shown = dict[str, Any]


def list_offerings(wanted: OfferingWish, by: Reader, *, sort: str, offset: int, limit: int) -> list[Shown]:
    """A page of the courses, as the API shows them. One statement at any size."""
    values = _values(wanted, by)
    rows = _page(tuple(values), wanted.unallocated, sort)
    if wanted.q:
        rows = rows.where(*conditions_of_texts(OfferingFilter(q=wanted.q)))
    values |= {"first": offset, "most": limit}
    return [_shown(row) for row in db.session.connection().execute(narrowed(rows), values)]


@lru_cache(maxsize=256)
def _page(names: tuple[str, ...], unallocated: bool | None, sort: str) -> Select[*tuple[Any, ...]]:
    """The statement of a page, once for each form that it can have: to put it together takes longer than its rows."""
    column: Any = SORTS[sort.removeprefix("-")]
    key = column.desc() if sort.startswith("-") else column.asc()
    rows = _ROWS.where(*_conditions(names, unallocated)).order_by(key, CourseOffering.id)
    return rows.offset(bindparam("first", type_=Integer)).limit(bindparam("most", type_=Integer))


def count_offerings(wanted: OfferingWish, by: Reader) -> int:
    """How many there are. One statement, or none while no course changes and all that is asked for is in courses."""

    def count() -> int:
        values = _values(wanted, by)
        counted = select(func.count()).select_from(CourseOffering)
        counted = counted.where(*_conditions(values, wanted.unallocated))
        if wanted.q:
            counted = counted.where(*conditions_of_texts(OfferingFilter(q=wanted.q)))
        return db.session.scalar(counted, values) or 0

    # Who is on a course, and what people are called, stands in tables that others write to.
    is_asked = wanted.q or by.student_of or wanted.updated_since
    return count() if is_asked else kept("api_count", (wanted, by), count, COURSES)


def find_offering(offering_id: int, by: Reader) -> Shown | None:
    """One course, if it may be read. One statement."""
    values = _values_of_reader(by)
    one = _ONE.where(*_conditions(tuple(values), None)) if values else _ONE
    row = db.session.connection().execute(narrowed(one), {"offering_id": offering_id, **values}).one_or_none()
    return _shown(row) if row else None


def _values(wanted: OfferingWish, by: Reader) -> dict[str, Any]:
    """What the list is narrowed to, by the names that `_conditions` knows."""
    found = {name: value for name in (*_COLUMNS, _SINCE) if (value := getattr(wanted, name)) is not None}
    return found | _values_of_reader(by)


def _values_of_reader(by: Reader) -> dict[str, Any]:
    if by.sees_all:
        return {}
    return {_TAUGHT_BY: by.facilitator_id or 0} | ({} if by.student_of is None else {_STUDENT: by.student_of})


def _conditions(names: Collection[str], unallocated: bool | None) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        getattr(CourseOffering, name) == bindparam(name) for name in _COLUMNS if name in names
    ]
    if _SINCE in names:
        found.append(CourseOffering.updated_at >= bindparam(_SINCE))
    if unallocated is not None:
        nobody = CourseOffering.facilitator_id.is_(None)
        found.append(nobody if unallocated else ~nobody)
    return [*found, _visible(is_student=_STUDENT in names)] if _TAUGHT_BY in names else found


def _visible(*, is_student: bool) -> ColumnElement[bool]:
    """Courses that somebody teaches or is on, and open ones that are offered."""
    offered = and_(
        CourseOffering.kind == OfferingKind.OPEN,
        CourseOffering.published_at.is_not(None),
        CourseOffering.status.in_(RUNNING),
    )
    found = [offered, CourseOffering.facilitator_id == bindparam(_TAUGHT_BY)]
    if is_student:
        own = select(Enrolment.offering_id).join(Student, Student.id == Enrolment.student_id)
        stands = Enrolment.status != EnrolmentStatus.WITHDRAWN
        found.append(CourseOffering.id.in_(own.where(Student.user_id == bindparam(_STUDENT), stands)))
    return or_(*found)


def _shown(row: Any) -> Shown:
    """A row as the contract has it."""
    (
        row_id, start, end, places, status, kind, trimester, year, intake, enrolled, title, summary, version,
        module_id, code, module_name, credits_, class_id, class_name, cohort_id, cohort_code, cohort_name,
        mode_id, mode_name, facilitator_id, first_name, last_name, email,
    ) = row  # fmt: skip
    status = _STATUSES[status]
    user = {"first_name": first_name, "last_name": last_name, "email": email}
    return {
        "id": row_id, "start_date": start, "end_date": end, "max_students": places, "is_active": status in RUNNING,
        "module": module_id and {"id": module_id, "code": code, "name": module_name, "credits": credits_},
        "class": class_id and {"id": class_id, "name": class_name},
        "cohort": cohort_id and {"id": cohort_id, "code": cohort_code, "name": cohort_name},
        "mode": {"id": mode_id, "name": mode_name},
        "facilitator": facilitator_id and {"id": facilitator_id, "user": user},
        "trimester": trimester, "academic_year": year, "intake_period": _INTAKES[intake],
        "status": status, "kind": _KINDS[kind],
        "title": title, "summary": summary, "enrolled_count": enrolled, "version": version,
    }  # fmt: skip
