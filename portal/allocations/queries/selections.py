"""Courses that a bulk change is about: ticked ones, or all that match a list."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.queries.filters import OfferingFilter, conditions_of_choices, conditions_of_texts
from portal.allocations.queries.listing import RUNNING
from portal.bulk import in_chunks
from portal.catalogue.models import ClassGroup, Mode, Module
from portal.extensions import db
from portal.scoping import EVERYWHERE

Term = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Selection:
    """Either the courses with these ids, or, when `ids` is None, all that match `wanted`."""

    wanted: OfferingFilter
    ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class SelectedCourse:
    """A course as a bulk change needs it: what may change, what stands against it, and what it is called."""

    id: int
    version: int
    status: OfferingStatus
    module_id: int | None
    class_id: int | None
    cohort_id: int | None
    mode_id: int
    academic_year: int
    trimester: int
    intake_period: IntakePeriod
    facilitator_id: int | None
    allocated_on: date | None
    start_date: date
    end_date: date
    max_students: int
    enrolled_count: int
    title: str | None
    module_name: str | None
    module_code: str | None
    class_name: str | None

    @property
    def name(self) -> str:
        """Its own title, else its module's name."""
        return self.title or self.module_name or ""

    @property
    def code(self) -> str:
        """Module code and class."""
        return " · ".join(part for part in (self.module_code, self.class_name) if part)

    @property
    def term(self) -> Term:
        """Academic year and trimester."""
        return self.academic_year, self.trimester

    @property
    def combination(self) -> tuple[Any, ...] | None:
        """What must be unique besides the mode; None for an open course, whose parts may be missing."""
        parts = (self.module_id, self.class_id, self.cohort_id)
        return None if None in parts else (*parts, *self.term, self.intake_period)


_COLUMNS = (
    CourseOffering.id, CourseOffering.version, CourseOffering.status, CourseOffering.module_id,
    CourseOffering.class_id, CourseOffering.cohort_id, CourseOffering.mode_id, CourseOffering.academic_year,
    CourseOffering.trimester, CourseOffering.intake_period, CourseOffering.facilitator_id,
    CourseOffering.allocated_on, CourseOffering.start_date, CourseOffering.end_date, CourseOffering.max_students,
    CourseOffering.enrolled_count, CourseOffering.title, Module.name, Module.code, ClassGroup.name,
)  # fmt: skip


def ids_selected(selection: Selection) -> list[int]:
    """The ids of the courses that are there, in ascending order. One statement for each 500 ticked ones."""
    if selection.ids is None:
        conditions = (*conditions_of_choices(selection.wanted), *conditions_of_texts(selection.wanted))
        return list(db.session.scalars(select(CourseOffering.id).where(*conditions).order_by(CourseOffering.id)))
    found: list[int] = []
    for part in in_chunks(sorted(set(selection.ids))):
        found += db.session.scalars(select(CourseOffering.id).where(CourseOffering.id.in_(part)))
    return sorted(found)


def courses_by_id(ids: Iterable[int]) -> list[SelectedCourse]:
    """These courses in the order of their names. One statement for each 500."""
    wanted = (
        select(*_COLUMNS)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
    )
    found: list[SelectedCourse] = []
    for part in in_chunks(ids):
        rows: Iterable[Any] = db.session.execute(wanted.where(CourseOffering.id.in_(part)))
        found += [SelectedCourse(*row) for row in rows]
    return sorted(found, key=lambda course: (course.name.casefold(), course.code, course.id))


def lock_courses(ids: Iterable[int]) -> None:
    """Lock these courses until the transaction ends, in the order in which everyone locks them."""
    for part in in_chunks(ids):
        wanted = select(CourseOffering.id).where(CourseOffering.id.in_(part)).order_by(CourseOffering.id)
        db.session.execute(wanted.with_for_update()).all()


def twins_in_mode(ids: Iterable[int], mode_id: int) -> dict[int, int]:
    """By course: the other one that differs from it in nothing but this mode. One statement for each 500."""
    twin = aliased(CourseOffering, name="twin")
    same = [
        getattr(twin, name) == getattr(CourseOffering, name)
        for name in ("module_id", "class_id", "cohort_id", "academic_year", "trimester", "intake_period")
    ]
    wanted = select(CourseOffering.id, twin.id).join(twin, and_(*same, twin.mode_id == mode_id))
    found: dict[int, int] = {}
    for part in in_chunks(ids):
        rows = db.session.execute(wanted.where(CourseOffering.id.in_(part), twin.id != CourseOffering.id))
        found.update((course, other) for course, other in rows)
    return found


def loads_by_term(facilitator_id: int) -> dict[Term, int]:
    """How many running courses someone has, by term. One statement."""
    columns = (CourseOffering.academic_year, CourseOffering.trimester)
    wanted = (
        select(*columns, func.count())
        .where(
            CourseOffering.facilitator_id == facilitator_id,
            CourseOffering.status.in_(RUNNING),
            CourseOffering.kind == OfferingKind.COHORT,
        )
        .group_by(*columns)
    )
    rows = db.session.execute(wanted, execution_options=EVERYWHERE)
    return {(year, trimester): count for year, trimester, count in rows}


def mode_named(name: str) -> tuple[int, str] | None:
    """Id and name of a mode that is in use. One statement."""
    row = db.session.execute(select(Mode.id, Mode.name).where(Mode.name == name, Mode.is_active)).one_or_none()
    return (row[0], row[1]) if row else None


def list_mode_names() -> Sequence[str]:
    """The modes in use. One statement."""
    return list(db.session.scalars(select(Mode.name).where(Mode.is_active).order_by(Mode.id)))


def mode_names(ids: Collection[int]) -> Mapping[int, str]:
    """The names of modes by id. One statement."""
    rows: Iterable[Any] = db.session.execute(select(Mode.id, Mode.name).where(Mode.id.in_(ids)))
    return {row.id: row.name for row in rows}


def facilitator_names(ids: Collection[int]) -> Mapping[int, str]:
    """The names of facilitators by id. One statement for each 500."""
    wanted = select(Facilitator.id, User.first_name, User.last_name).join(User, User.id == Facilitator.user_id)
    return {
        row_id: f"{first} {last}".strip()
        for part in in_chunks(ids)
        for row_id, first, last in db.session.execute(wanted.where(Facilitator.id.in_(part)))
    }


def present_facilitators(ids: Collection[int]) -> frozenset[int]:
    """Those of these facilitators who can still sign in. One statement for each 500."""
    wanted = select(Facilitator.id).join(User, User.id == Facilitator.user_id).where(User.is_active)
    return frozenset(
        row_id for part in in_chunks(ids) for row_id in db.session.scalars(wanted.where(Facilitator.id.in_(part)))
    )
