"""Who could teach a course: facilitators with what they teach already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, true

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.queries.filters import named, words_of
from portal.allocations.queries.listing import RUNNING, OfferingRow
from portal.catalogue.models import Department, Module
from portal.extensions import db
from portal.roles import Role
from portal.scoping import EVERYWHERE

MOST = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A facilitator with the number of other courses in the term (`load`) and how many they may have (`limit`)."""

    id: int
    employee_id: str
    first_name: str
    last_name: str
    department: str | None
    limit: int
    is_available: bool
    load: int

    @property
    def name(self) -> str:
        """First and last name."""
        return full_name(self.first_name, self.last_name)

    @property
    def key(self) -> str:
        """Name and employee id, as the type-ahead writes them."""
        return f"{self.name} ({self.employee_id})"

    @property
    def would_be_over(self) -> bool:
        """Whether one more course is too many."""
        return self.load + 1 > self.limit


@dataclass(frozen=True, slots=True)
class ComingCourse:
    """A course that is not made yet, as far as its term and module are known; 0 for a year or trimester that is not."""

    academic_year: int
    trimester: int
    module_id: int | None

    # As if it were a row: it has no id and nobody teaches it.
    @property
    def id(self) -> int:
        """No course has this id."""
        return 0

    @property
    def facilitator_id(self) -> None:
        """Nobody."""
        return


def list_candidates(offering: OfferingRow | ComingCourse | None, text: str, most: int = MOST) -> Sequence[Candidate]:
    """Active facilitators whom a text means, best match first. One statement.

    Names that begin with it stand before names that hold it. Without a text those of the course's own department
    who have most room come first.
    """
    statement = _with_load(offering)
    if text.strip():
        statement = statement.where(named(text)).order_by(_nearness(text))
    elif offering is not None:
        room = statement.selected_columns["load"] - Facilitator.max_course_load
        statement = statement.order_by(Facilitator.is_available.desc(), _fitness(offering), room)
    ordered = statement.order_by(User.name_folded, Facilitator.id).limit(most)
    rows = db.session.execute(ordered, execution_options=EVERYWHERE)
    return [Candidate(*row) for row in rows]


def find_candidate(offering: OfferingRow, facilitator_id: int) -> Candidate | None:
    """One active facilitator with their load in the term of a course. One statement."""
    wanted = _with_load(offering).where(Facilitator.id == facilitator_id)
    row = db.session.execute(wanted, execution_options=EVERYWHERE).one_or_none()
    return Candidate(*row) if row else None


def _with_load(offering: OfferingRow | ComingCourse | None) -> Select[Any]:
    """Active people who may teach; loads are of the offering's term and without it, or 0 when there is no offering."""
    base = select(
        Facilitator.id, Facilitator.employee_id, User.first_name, User.last_name,
        Facilitator.department, Facilitator.max_course_load, Facilitator.is_available,
    )  # fmt: skip
    people = base.join(User, User.id == Facilitator.user_id).where(User.is_active, User.role != Role.STUDENT)
    if offering is None:
        return people.add_columns(literal(0))
    loads = (
        select(CourseOffering.facilitator_id, func.count().label("load"))
        .where(
            CourseOffering.academic_year == offering.academic_year,
            CourseOffering.trimester == offering.trimester,
            CourseOffering.status.in_(RUNNING),
            CourseOffering.kind == OfferingKind.COHORT,
            CourseOffering.id != offering.id,
            CourseOffering.facilitator_id.is_not(None),
        )
        .group_by(CourseOffering.facilitator_id)
        .subquery("loads")
    )
    return people.add_columns(func.coalesce(loads.c.load, 0).label("load")).outerjoin(
        loads, loads.c.facilitator_id == Facilitator.id
    )


def _nearness(text: str) -> ColumnElement[int]:
    """0 where every word begins a name, else 1."""
    begins = [
        or_(
            User.name_folded.startswith(word, autoescape=True),
            User.name_folded.contains(f" {word}", autoescape=True),
        )
        for word in words_of(text)
    ]
    return case((and_(true(), *begins), 0), else_=1)


def _fitness(offering: OfferingRow | ComingCourse) -> ColumnElement[int]:
    """0 for the department that owns the course's module, else 1."""
    own = select(Department.code).join(Module, Module.department_id == Department.id)
    if isinstance(offering, ComingCourse):
        own = own.where(Module.id == offering.module_id)
    else:
        own = own.join(CourseOffering, CourseOffering.module_id == Module.id).where(CourseOffering.id == offering.id)
    return case((Facilitator.department == own.scalar_subquery(), 0), else_=1)
