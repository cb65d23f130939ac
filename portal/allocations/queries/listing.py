"""The list of course offerings, as plain rows of what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.queries.filters import OfferingFilter, conditions_of_choices, conditions_of_texts
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.extensions import db
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key

# What counts as load: courses that are being taught or will be.
RUNNING = (OfferingStatus.PLANNED, OfferingStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class OfferingRow:
    """A course offering as a list shows it.

    `load` is how many courses its facilitator has in the same term, this one among them, `limit` how many they
    may have; both are None without a facilitator. `places` are seats.
    """

    id: int
    version: int
    kind: OfferingKind
    title: str | None
    module_name: str | None
    module_code: str | None
    class_name: str | None
    cohort_code: str | None
    mode: str
    intake: IntakePeriod
    academic_year: int
    trimester: int
    start_date: date
    end_date: date
    places: int
    status: OfferingStatus
    facilitator_id: int | None
    employee_id: str | None
    first_name: str | None
    last_name: str | None
    limit: int | None
    load: int | None

    @property
    def name(self) -> str:
        """Its own title, else its module's name."""
        return self.title or self.module_name or ""

    @property
    def facilitator(self) -> str:
        """First and last name of who teaches it; empty without."""
        return f"{self.first_name or ''} {self.last_name or ''}".strip()

    @property
    def facilitator_key(self) -> str:
        """The name with the employee id, as filters write it; empty without a facilitator."""
        return f"{self.facilitator} ({self.employee_id})" if self.facilitator_id else ""

    @property
    def section(self) -> str:
        """The class without the subject that the module's code begins with: "CMN 3" of "CMN 260" is "3"."""
        subject = (self.module_code or "").rstrip("0123456789 ")
        return (self.class_name or "").removeprefix(f"{subject} ") if subject else self.class_name or ""

    @property
    def code(self) -> str:
        """Module code and class, which people say when they mean the course."""
        return " · ".join(part for part in (self.module_code, self.section) if part)

    @property
    def takes_facilitator(self) -> bool:
        """Whether someone can be allocated: it is planned or active."""
        return self.status in RUNNING

    @property
    def lacks_facilitator(self) -> bool:
        """Whether someone should be allocated."""
        return self.facilitator_id is None and self.takes_facilitator


_other = aliased(CourseOffering, name="other")
_LOAD = (
    select(func.count())
    .where(
        _other.facilitator_id == CourseOffering.facilitator_id,
        _other.academic_year == CourseOffering.academic_year,
        _other.trimester == CourseOffering.trimester,
        _other.status.in_(RUNNING),
    )
    .correlate(CourseOffering)
    .scalar_subquery()
)
_COLUMNS = (
    CourseOffering.id, CourseOffering.version, CourseOffering.kind, CourseOffering.title,
    Module.name, Module.code, ClassGroup.name, Cohort.code, Mode.name, CourseOffering.intake_period,
    CourseOffering.academic_year, CourseOffering.trimester, CourseOffering.start_date, CourseOffering.end_date,
    CourseOffering.max_students, CourseOffering.status, CourseOffering.facilitator_id, Facilitator.employee_id,
    User.first_name, User.last_name, Facilitator.max_course_load,
    case((CourseOffering.facilitator_id.is_not(None), _LOAD)).label("load"),
)  # fmt: skip


def _with_course(statement: Select[Any]) -> Select[Any]:
    """Left joins of what most sorts need: the optimizer starts from the offerings then."""
    return statement.outerjoin(Module, Module.id == CourseOffering.module_id).outerjoin(
        ClassGroup, ClassGroup.id == CourseOffering.class_id
    )


def _with_person(statement: Select[Any]) -> Select[Any]:
    return statement.outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id).outerjoin(
        User, User.id == Facilitator.user_id
    )


_NAME = func.coalesce(Module.name_folded, CourseOffering.title_folded)
_CODE = func.coalesce(Module.code, "")
_CLASS = func.coalesce(ClassGroup.name, "")
_PERSON = func.coalesce(User.name_folded, "")
_STANDING = case(
    (and_(CourseOffering.facilitator_id.is_(None), CourseOffering.status.in_(RUNNING)), 0),
    (CourseOffering.status == OfferingStatus.ACTIVE, 1),
    (CourseOffering.status == OfferingStatus.PLANNED, 2),
    (CourseOffering.status == OfferingStatus.COMPLETED, 3),
    else_=4,
)
# The first is how the list stands unless asked otherwise: those that need someone come first.
SORTS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "status": (_STANDING, _NAME, _CODE, _CLASS),
    "course": (_NAME, _CODE, _CLASS),
    "code": (_CODE, _CLASS),
    "facilitator": (_PERSON, _NAME, _CODE, _CLASS),
    "places": (CourseOffering.max_students.expression, _NAME, _CODE, _CLASS),
    "start": (CourseOffering.start_date.expression, _NAME, _CODE, _CLASS),
}


def _keys_of(sort: str) -> list[ColumnElement[Any]]:
    return [key.label(f"key_{at}") for at, key in enumerate(SORTS[sort])]


def _sorted_by(sort: str) -> Select[Any]:
    """Ids with their sort keys, out of no more tables than that takes."""
    statement = _with_course(select(CourseOffering.id, *_keys_of(sort)))
    return _with_person(statement) if sort == "facilitator" else statement


_KEYS = {sort: _sorted_by(sort) for sort in SORTS}
_ROWS = (
    _with_person(_with_course(select(*_COLUMNS)))
    .outerjoin(Cohort, Cohort.id == CourseOffering.cohort_id)
    .outerjoin(Mode, Mode.id == CourseOffering.mode_id)
)


def page_of_offerings(wanted: OfferingFilter, page: PageRequest, total: int) -> Page[OfferingRow]:
    """Course offerings that match, as plain rows of what a list shows; `total` as `facets_of` counted it.

    One statement at any size: what is sorted is narrow, and only the rows of the page are looked up.
    """
    keys = SORTS[page.sort]
    page = fitting(page, keys)
    matching = _KEYS[page.sort].where(*conditions_of_choices(wanted), *conditions_of_texts(wanted))
    sliced = slice_by_key(matching, keys, CourseOffering.id.expression, page).subquery("page")
    ends = [*(sliced.c[f"key_{at}"] for at in range(len(keys))), sliced.c.id]
    backward = page.cursor is not None and page.cursor.backward
    order = [end.desc() if page.descending != backward else end.asc() for end in ends]
    rows = db.session.execute(
        _ROWS.add_columns(*ends).join(sliced, sliced.c.id == CourseOffering.id).order_by(*order)
    ).all()
    width = len(_COLUMNS)
    return make_page([_row(row[:width]) for row in rows], [tuple(row[width:]) for row in rows], page, total)


def find_offering(offering_id: int) -> OfferingRow | None:
    """One course offering as its list shows it; None when there is none. One statement."""
    row = db.session.execute(_ROWS.where(CourseOffering.id == offering_id)).one_or_none()
    return _row(row) if row else None


def _row(values: Sequence[Any]) -> OfferingRow:
    return OfferingRow(*values)
