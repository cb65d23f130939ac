"""Where the courses of a page can stand, without putting all of them in order.

By facilitator, a page is a few people of some thousand: of the others no course needs to be looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_

from portal.allocations.models import CourseOffering
from portal.allocations.queries.names import list_of, people_in_order, text_of_person
from portal.paging import PageRequest

# How many times the courses of a page the people nearby are expected to have.
_AMPLE = 6
# Fewer courses are as quickly put in order altogether.
_WORTH_IT = 2000


@dataclass(frozen=True, slots=True)
class Nearby:
    """The courses of some people, `reaches_end` when nobody comes after them."""

    condition: ColumnElement[bool]
    reaches_end: bool


def people_nearby(page: PageRequest, total: int) -> Nearby | None:
    """Whose courses a page by facilitator shows, of `total` that match; None where it is better not to ask.

    The page may still come out short, if few of their courses match: then the others must be looked at too.
    """
    if page.sort != "facilitator" or total < _WORTH_IT:
        return None
    people = people_in_order()
    downward = page.descending != (page.cursor is not None and page.cursor.backward)
    ids = ids_in_order(people, downward=downward)
    many = _AMPLE * page.size * len(ids) // total + 1
    begin = begin_of(people, ids, page)
    if begin is None or 2 * many > len(ids):
        return None
    near = CourseOffering.facilitator_id.op("IN", is_comparison=True)(list_of(ids[begin : begin + many]))
    reaches_end = begin + many >= len(ids)
    # Courses without anybody stand before all others.
    with_nobody = or_(near, CourseOffering.facilitator_id.is_(None)) if reaches_end or not downward else near
    return Nearby(with_nobody, reaches_end)


def ids_in_order(people: Mapping[int, str], *, downward: bool) -> list[int]:
    """Their ids, upwards or downwards."""
    ids = list(people)
    return ids[::-1] if downward else ids


def begin_of(people: Mapping[int, str], ids: Sequence[int], page: PageRequest) -> int | None:
    """The place of the person at whom the page begins; None when nobody is called so any more."""
    if page.cursor is None:
        return 0
    name, employee_id = page.cursor.values[:2]
    text = text_of_person(str(name), str(employee_id))
    return next((at for at, row_id in enumerate(ids) if people[row_id] == text), None)
