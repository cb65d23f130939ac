"""The rows of the compliance matrix, a page at a time: courses, or facilitators."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, func, select

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.allocations.queries.filters import subjects_of
from portal.allocations.queries.names import entries_in_order, text_of_person
from portal.allocations.queries.naming import COURSE_NAME
from portal.allocations.queries.nearby import begin_of, courses_nearby, ids_in_order, slice_near, slice_of
from portal.allocations.queries.sorting import slice_sorted, values_in
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db
from portal.paging import Cursor, Page, PageRequest, fitting, make_page, slice_by_key
from portal.pulses import PEOPLE, WHOLE, kept, parts_now
from portal.tracker.models import ActivityLog
from portal.tracker.queries.compliance import Watched, in_asked_state, owes_logs, watched_courses, with_logs
from portal.tracker.queries.rows import Moment

_STRIDE = 500
# So many courses without any log may stand among those of a page; fewer than these are looked through altogether.
_SPARE, _MANY = 25, 500


@dataclass(frozen=True, slots=True)
class Line:
    """A row's head: a course with who teaches it, or a facilitator with their employee id as `code`."""

    id: int
    name: str
    code: str | None
    class_name: str | None
    person: str


def page_of_courses(watched: Watched, page: PageRequest, moment: Moment, total: int = 0) -> Page[Line]:
    """Courses that owe logs; `total` as `count_courses` counted it. One statement, seldom a second one."""
    values = values_in(page.sort)
    page = fitting(page, values)
    conditions = with_logs(watched, moment)
    near = courses_nearby(watched.courses, page, total)
    rows: Sequence[Any] = []
    if near:
        rows = _rows_of_page(slice_near(conditions, near, page), page, values)
    elif watched.state is None and total > _MANY:
        # Nearly every course owes logs: they are put in order first, and only those near the page are looked through.
        spare = slice_sorted(watched_courses(watched.courses), replace(page, size=page.size + _SPARE))
        rows = _rows_of_page(spare, page, values, owes_logs())
    if len(rows) <= page.size and not (near and near.reaches_end):
        rows = _rows_of_page(slice_of(conditions, page, total), page, values)
    return _page_of(rows, page, total)


def first_page_of_courses(watched: Watched, page: PageRequest, moment: Moment, matching: int) -> Page[Line]:
    """The same where nobody has counted yet, of so many courses that match with logs or without. One statement."""
    values = values_in(page.sort)
    page = fitting(page, values)
    conditions = with_logs(watched, moment)
    rows = _rows_of_page(slice_of(conditions, page, matching), page, [*values, _count_of(conditions)])
    return _page_of([(*row[:-2], row[-1]) for row in rows], page, rows[0][-2] if rows else 0)


def _count_of(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[Any]:
    return select(func.count(CourseOffering.id)).where(*conditions).correlate(None).scalar_subquery()


def _page_of(rows: Sequence[Any], page: PageRequest, total: int) -> Page[Line]:
    rows = rows[: page.size + 1]
    lines = [Line(row[0], row[1], row[2], row[3], f"{row[4] or ''} {row[5] or ''}".strip()) for row in rows]
    return make_page(lines, [tuple(row[6:]) for row in rows], page, total)


def _rows_of_page(
    sliced: Subquery, page: PageRequest, values: Sequence[ColumnElement[Any]], *conditions: ColumnElement[bool]
) -> Sequence[Any]:
    backward = page.cursor is not None and page.cursor.backward
    places = [*(column for column in sliced.c if column.key != "id"), sliced.c.id]
    return db.session.execute(
        select(
            CourseOffering.id,
            COURSE_NAME,
            Module.code,
            ClassGroup.name,
            User.first_name,
            User.last_name,
            *values,
            sliced.c.id,
        )
        .join(sliced, sliced.c.id == CourseOffering.id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
        .outerjoin(User, User.id == Facilitator.user_id)
        .where(*conditions)
        .order_by(*(place.desc() if backward else place.asc() for place in places))
    ).all()


# Who somebody is, and what people are put in order by.
_KEYS: tuple[ColumnElement[Any], ...] = (User.name_folded.expression, Facilitator.employee_id.expression)
_PERSON: tuple[Any, ...] = (Facilitator.id, User.first_name, User.last_name, Facilitator.employee_id)
_People = Select[*tuple[Any, ...]]
_Person = Row[*tuple[Any, ...]]


def page_of_people(watched: Watched, page: PageRequest, moment: Moment) -> Page[Line]:
    """Facilitators who owe logs of these courses, by name. Two statements at most.

    Who they are, in their order, is kept: only those of the page are read, unless all were read just now.
    """
    page = fitting(page, _KEYS)
    met: dict[int, _Person] = {}
    owing = _owing(watched, moment, met)
    backward = page.cursor is not None and page.cursor.backward
    ids = ids_in_order(owing, downward=backward)
    if met and page.cursor is None:
        rows: Sequence[_Person] = [met[row_id] for row_id in ids[: page.size + 1]]
    else:
        begin = begin_of(owing, ids, text_of_person(*page.cursor.values[:2])) if page.cursor else 0
        wanted = _people().where(Facilitator.id.in_(ids if begin is None else ids[begin : begin + page.size + 2]))
        rows = db.session.execute(slice_by_key(wanted, _KEYS, Facilitator.id.expression, page)).all()
    lines = [Line(row[0], f"{row[1]} {row[2]}".strip(), row[3], None, "") for row in rows]
    return make_page(lines, [tuple(row[4:]) for row in rows], page, len(owing))


def _people() -> _People:
    return select(*_PERSON, *_KEYS, Facilitator.id).join(User, User.id == Facilitator.user_id)


def _owing(watched: Watched, moment: Moment, met: dict[int, _Person]) -> Mapping[int, str]:
    """The facilitators who owe any of these logs, as `people_in_order` has them. Two statements at most, usually one.

    Whoever is read with their names for it is put into `met`.
    """
    owed = (
        select(ActivityLog.facilitator_id)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(*watched_courses(watched.courses), *in_asked_state(watched, moment))
        .distinct()
        .subquery("owed")
    )

    def read() -> Mapping[int, str]:
        people = _people().join(owed, owed.c.facilitator_id == Facilitator.id).order_by(*_KEYS, Facilitator.id)
        met.update((row[0], row) for row in db.session.execute(people))
        return {row_id: text_of_person(row[4], row[3]) for row_id, row in met.items()}

    if watched.state is not None:
        everybody = entries_in_order("facilitator")
        if everybody is None:
            return read()
        # Their names are known: only who it is needs to be asked.
        ids = set(db.session.scalars(select(owed.c.facilitator_id)))
        return {row_id: name for row_id, name in everybody.items() if row_id in ids}
    return kept("owing", (watched, parts_now()), read, *subjects_of(watched.courses), PEOPLE, *WHOLE)


def every_course(watched: Watched, moment: Moment) -> Iterator[Sequence[Line]]:
    """All courses of the matrix, some hundred at a time."""
    return _every("course", lambda page: page_of_courses(watched, page, moment))


def every_person(watched: Watched, moment: Moment) -> Iterator[Sequence[Line]]:
    """All facilitators of the matrix, some hundred at a time."""
    return _every("name", lambda page: page_of_people(watched, page, moment))


def _every(sort: str, read: Callable[[PageRequest], Page[Line]]) -> Iterator[Sequence[Line]]:
    page = PageRequest(sort, size=_STRIDE)
    while True:
        found = read(page)
        yield found.rows
        if found.following is None:
            return
        page = replace(page, cursor=Cursor.decode(found.following))
