"""The list of course offerings, as plain rows of what it shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, select

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.queries.facets import Group
from portal.allocations.queries.filters import OfferingFilter, conditions_of
from portal.allocations.queries.nearby import courses_nearby, slice_near, slice_of
from portal.allocations.queries.sorting import LOAD, RUNNING, values_in
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.extensions import db
from portal.paging import Cursor, Page, PageRequest, fitting, make_page

__all__ = ["RUNNING", "OfferingRow", "every_offering", "find_offering", "page_of_offerings"]

# How many rows are held at once where all are wanted.
_STRIDE = 2000


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
    enrolled: int
    credits: int | None
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
        return full_name(self.first_name, self.last_name)

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


_COLUMNS = (
    CourseOffering.id, CourseOffering.version, CourseOffering.kind, CourseOffering.title,
    Module.name, Module.code, ClassGroup.name, Cohort.code, Mode.name, CourseOffering.intake_period,
    CourseOffering.academic_year, CourseOffering.trimester, CourseOffering.start_date, CourseOffering.end_date,
    CourseOffering.max_students, CourseOffering.enrolled_count, Module.credits, CourseOffering.status,
    CourseOffering.facilitator_id, Facilitator.employee_id, User.first_name, User.last_name,
    Facilitator.max_course_load,
    case((CourseOffering.facilitator_id.is_not(None), LOAD)).label("load"),
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


_ROWS = (
    _with_person(_with_course(select(*_COLUMNS)))
    .outerjoin(Cohort, Cohort.id == CourseOffering.cohort_id)
    .outerjoin(Mode, Mode.id == CourseOffering.mode_id)
)


def page_of_offerings(
    wanted: OfferingFilter, page: PageRequest, total: int, shown: Sequence[Group] = ()
) -> Page[OfferingRow]:
    """Course offerings that match, as plain rows of what a list shows; `total` and `shown` as `facets_of` has them.

    One statement at any size, seldom a second or third one: what is sorted is narrow, and only the rows of the page are
    looked up.
    """
    values = values_in(page.sort)
    page = fitting(page, values)
    conditions = conditions_of(wanted)
    near = courses_nearby(wanted, page, total, shown)
    rows = _rows_of_page(slice_near(conditions, near, page), page, values) if near else []
    if near is None or (len(rows) <= page.size and not near.reaches_end):
        rows = _rows_of_page(slice_of(conditions, page, total), page, values)
    width = len(_COLUMNS)
    return make_page([_row(row[:width]) for row in rows], [tuple(row[width:]) for row in rows], page, total)


def _rows_of_page(sliced: Subquery, page: PageRequest, values: Sequence[ColumnElement[Any]]) -> Sequence[Any]:
    backward = page.cursor is not None and page.cursor.backward
    places = [*(column for column in sliced.c if column.key != "id"), sliced.c.id]
    order = [place.desc() if page.descending != backward else place.asc() for place in places]
    wanted = _ROWS.add_columns(*values, sliced.c.id).join(sliced, sliced.c.id == CourseOffering.id)
    return db.session.execute(wanted.order_by(*order)).all()


def every_offering(wanted: OfferingFilter, sort: str, descending: bool) -> Iterator[OfferingRow]:
    """All that match in their order, a page at a time, so that memory holds no more than that."""
    page = PageRequest(sort, descending, size=_STRIDE)
    while True:
        found = page_of_offerings(wanted, page, 0)
        yield from found.rows
        if found.following is None:
            return
        page = replace(page, cursor=Cursor.decode(found.following))


def find_offering(offering_id: int) -> OfferingRow | None:
    """One course offering as its list shows it; None when there is none. One statement."""
    row = db.session.execute(_ROWS.where(CourseOffering.id == offering_id)).one_or_none()
    return _row(row) if row else None


def _row(values: Sequence[Any]) -> OfferingRow:
    return OfferingRow(*values)
