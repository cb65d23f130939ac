"""What copying a term needs to know: its courses, what stands in the next one, and who could still teach."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import func, select

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, IntakePeriod, Meeting, OfferingKind, OfferingStatus
from portal.allocations.queries.listing import RUNNING
from portal.bulk import in_chunks
from portal.catalogue.models import ClassGroup, Cohort, Department, Mode, Module
from portal.extensions import db
from portal.roles import Role
from portal.scoping import EVERYWHERE, present_scope

Term = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TermCourse:
    """A staff-led course of a term, as it would be copied. `in_use` is false when a part of it was retired."""

    id: int
    module_id: int
    class_id: int
    cohort_id: int
    mode_id: int
    intake_period: IntakePeriod
    start_date: date
    end_date: date
    max_students: int
    title: str | None
    summary: str | None
    facilitator_id: int | None
    module_code: str
    module_name: str
    class_name: str
    cohort_code: str
    in_use: bool

    @property
    def name(self) -> str:
        """Its own title, else its module's name."""
        return self.title or self.module_name

    @property
    def code(self) -> str:
        """Module code and class."""
        return f"{self.module_code} · {self.class_name}"


@dataclass(frozen=True, slots=True)
class TermSummary:
    """A term that has courses: academic year, trimester, how many, first and last day."""

    academic_year: int
    trimester: int
    count: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Teacher:
    """Who taught: their name, limit and load in the new term, and whether they can teach there."""

    id: int
    name: str
    limit: int
    load: int
    can_teach: bool


def list_terms() -> Sequence[TermSummary]:
    """Every term with courses that were not cancelled, latest first. One statement."""
    columns = (CourseOffering.academic_year, CourseOffering.trimester)
    wanted = (
        select(*columns, func.count(), func.min(CourseOffering.start_date), func.max(CourseOffering.end_date))
        .where(CourseOffering.status != OfferingStatus.CANCELLED, CourseOffering.kind == OfferingKind.COHORT)
        .group_by(*columns)
        .order_by(CourseOffering.academic_year.desc(), CourseOffering.trimester.desc())
    )
    rows: Iterable[Any] = db.session.execute(wanted)
    return [TermSummary(*row) for row in rows]


def list_departments() -> Sequence[tuple[str, str]]:
    """Code and name of every department that the present scope holds. One statement."""
    wanted, scope = select(Department.code, Department.name), present_scope()
    if scope is not None:
        wanted = wanted.where(Department.id.in_(scope.departments))
    rows: Iterable[Any] = db.session.execute(wanted.order_by(Department.code))
    return [(code, name) for code, name in rows]


def courses_of_term(term: Term, department: str = "") -> list[TermCourse]:
    """The staff-led courses of a term that were not cancelled, of one department or of all. One statement."""
    wanted = (
        select(
            CourseOffering.id, CourseOffering.module_id, CourseOffering.class_id, CourseOffering.cohort_id,
            CourseOffering.mode_id, CourseOffering.intake_period, CourseOffering.start_date, CourseOffering.end_date,
            CourseOffering.max_students, CourseOffering.title, CourseOffering.summary, CourseOffering.facilitator_id,
            Module.code, Module.name, ClassGroup.name, Cohort.code,
            Module.is_active, ClassGroup.is_active, Mode.is_active,
        )
        .join(Module, Module.id == CourseOffering.module_id)
        .join(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .join(Cohort, Cohort.id == CourseOffering.cohort_id)
        .join(Mode, Mode.id == CourseOffering.mode_id)
        .where(
            CourseOffering.kind == OfferingKind.COHORT,
            CourseOffering.academic_year == term[0],
            CourseOffering.trimester == term[1],
            CourseOffering.status != OfferingStatus.CANCELLED,
        )
        .order_by(Module.code, ClassGroup.name, CourseOffering.id)
    )  # fmt: skip
    if department:
        wanted = wanted.join(Department, Department.id == Module.department_id).where(Department.code == department)
    rows: Iterable[Any] = db.session.execute(wanted)
    return [TermCourse(*(*row[:-3], all(row[-3:]))) for row in rows]


def combinations_of_term(term: Term) -> Mapping[tuple[Any, ...], int]:
    """Module, class, cohort, mode and intake of every course of a term, with its id. One statement."""
    wanted = select(
        CourseOffering.id, CourseOffering.module_id, CourseOffering.class_id, CourseOffering.cohort_id,
        CourseOffering.mode_id, CourseOffering.intake_period,
    ).where(CourseOffering.academic_year == term[0], CourseOffering.trimester == term[1])  # fmt: skip
    rows: Iterable[Any] = db.session.execute(wanted)
    return {tuple(parts): row_id for row_id, *parts in rows}


def cohorts_by_code() -> Mapping[str, tuple[int, bool]]:
    """Id and whether it is in use, of every cohort. One statement."""
    rows: Iterable[Any] = db.session.execute(select(Cohort.code, Cohort.id, Cohort.is_active))
    return {code: (row_id, is_active) for code, row_id, is_active in rows}


def teachers_in(term: Term, ids: Iterable[int]) -> Mapping[int, Teacher]:
    """These facilitators with what they have in a term. Two statements for each 500."""
    found: dict[int, Teacher] = {}
    for part in in_chunks(sorted(set(ids))):
        wanted = (
            select(CourseOffering.facilitator_id, func.count())
            .where(
                CourseOffering.academic_year == term[0],
                CourseOffering.trimester == term[1],
                CourseOffering.status.in_(RUNNING),
                CourseOffering.kind == OfferingKind.COHORT,
                CourseOffering.facilitator_id.in_(part),
            )
            .group_by(CourseOffering.facilitator_id)
        )
        loads: dict[Any, int] = {row[0]: row[1] for row in db.session.execute(wanted, execution_options=EVERYWHERE)}
        people: Iterable[Any] = db.session.execute(
            select(
                Facilitator.id, User.first_name, User.last_name, Facilitator.max_course_load,
                Facilitator.is_available, User.is_active, User.role,
            ).join(User, User.id == Facilitator.user_id).where(Facilitator.id.in_(part))
        )  # fmt: skip
        for row_id, first, last, limit, available, active, role in people:
            can_teach = available and active and role is not Role.STUDENT
            found[row_id] = Teacher(row_id, f"{first} {last}".strip(), limit, loads.get(row_id, 0), can_teach)
    return found


def meetings_of(ids: Iterable[int]) -> Sequence[tuple[int, int, time, time, str]]:
    """Course, weekday, begin, end and room of every meeting of these courses. One statement for each 500."""
    columns = (Meeting.offering_id, Meeting.weekday, Meeting.starts_at, Meeting.ends_at, Meeting.room)
    found: list[Any] = []
    for part in in_chunks(ids):
        found += db.session.execute(select(*columns).where(Meeting.offering_id.in_(part))).all()
    return found
