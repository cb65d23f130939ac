"""The rows of the compliance matrix, a page at a time: courses, or facilitators."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.allocations.queries.sorting import slice_sorted, values_in
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db
from portal.paging import Cursor, Page, PageRequest, fitting, make_page, slice_by_key
from portal.pulses import COURSES, WEEKS, kept
from portal.tracker.models import ActivityLog
from portal.tracker.queries.compliance import Watched, in_asked_state, watched_courses, with_logs
from portal.tracker.queries.rows import Moment

_STRIDE = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A row's head: a course with who teaches it, or a facilitator with their employee id as `code`."""

    id: int
    name: str
    code: str | None
    class_name: str | None
    person: str


def page_of_courses(watched: Watched, page: PageRequest, moment: Moment, total: int = 0) -> Page[Line]:
    """Courses that owe logs; `total` as `count_courses` counted it. One statement."""
    values = values_in(page.sort)
    page = fitting(page, values)
    conditions = with_logs(watched, moment)
    sliced = slice_sorted(conditions, page)
    backward = page.cursor is not None and page.cursor.backward
    places = [*(column for column in sliced.c if column.key != "id"), sliced.c.id]
    rows = db.session.execute(
        select(
            CourseOffering.id,
            func.coalesce(CourseOffering.title, Module.name, ""),
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
        .order_by(*(place.desc() if backward else place.asc() for place in places))
    ).all()
    lines = [Line(row[0], row[1], row[2], row[3], f"{row[4] or ''} {row[5] or ''}".strip()) for row in rows]
    return make_page(lines, [tuple(row[6:]) for row in rows], page, total)


def page_of_people(watched: Watched, page: PageRequest, moment: Moment) -> Page[Line]:
    """Facilitators who owe logs of these courses. Two statements at most."""
    keys = [User.name_folded.expression]
    page = fitting(page, keys)
    owing = _owing(watched, moment)
    named: list[Any] = [Facilitator.id, User.first_name, User.last_name, Facilitator.employee_id]
    wanted = (
        select(*named, *keys, Facilitator.id)
        .join(User, User.id == Facilitator.user_id)
        .where(Facilitator.id.in_(owing))
    )
    rows = db.session.execute(slice_by_key(wanted, keys, Facilitator.id.expression, page)).all()
    lines = [Line(row[0], f"{row[1]} {row[2]}".strip(), row[3], None, "") for row in rows]
    return make_page(lines, [tuple(row[4:]) for row in rows], page, len(owing))


def _owing(watched: Watched, moment: Moment) -> Sequence[int]:
    """The facilitators who owe any of these logs. One statement at most."""
    wanted = (
        select(ActivityLog.facilitator_id)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(*watched_courses(watched.courses), *in_asked_state(watched, moment))
        .distinct()
    )

    def read() -> Sequence[int]:
        return db.session.scalars(wanted).all()

    if watched.state is not None or watched.courses.facilitators or watched.courses.q:
        return read()
    return kept("owing", watched, read, COURSES, WEEKS)


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
