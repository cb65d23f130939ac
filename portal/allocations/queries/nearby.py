"""Where the courses of a page can stand, without putting all of them in order.

By facilitator, a page is a few people of some thousand; by course, a few modules. Where courses are sorted by something
else first, such as their status, a page nearly always lies within one status, and there it is a few modules again. Of
all others no course needs to be looked at.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, literal, or_, select

from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.queries.facets import Group
from portal.allocations.queries.filters import OfferingFilter
from portal.allocations.queries.names import entries_in_order, text_of, text_of_person
from portal.allocations.queries.sorting import slice_by_names, slice_sorted, values_in
from portal.allocations.queries.values import Values, value_in, values_of_list
from portal.bulk import is_one_of
from portal.catalogue.models import Mode
from portal.paging import PageRequest, beyond

# How many times the courses of a page those nearby are expected to be.
_AMPLE = 6
# Of fewer courses none needs to be left out; of more that are alike, only those of the next modules are looked at.
_WORTH_IT, _MANY = 600, 600
# Of fewer courses than these, their own names are quicker put in order than those of all.
_FEW = 2000
_NOBODY = CourseOffering.facilitator_id.is_(None)
# What a sort puts in order first: the column of a course that names it, and how many values of a cursor say which.
_NAMED: Mapping[str, tuple[ColumnElement[Any], int]] = {
    "course": (CourseOffering.module_id.expression, 2),
    "code": (CourseOffering.module_id.expression, 1),
    "credits": (CourseOffering.module_id.expression, 3),
    "class": (CourseOffering.class_id.expression, 1),
    "cohort": (CourseOffering.cohort_id.expression, 1),
    "facilitator": (CourseOffering.facilitator_id.expression, 2),
}
# What the cursor of a page by facilitator says where nobody teaches.
_OF_NOBODY = ("", "")


@dataclass(frozen=True, slots=True)
class Nearby:
    """The courses among which a page lies, `reaches_end` when nothing comes after them.

    With `first`, which says what of them the sort puts in order first, those that stand before the page are left out.
    """

    condition: ColumnElement[bool]
    reaches_end: bool = False
    first: ColumnElement[Any] | None = None


@dataclass(frozen=True, slots=True)
class _Among:
    """Courses that a page begins among: how many there are, and what the cursor says of the place among them."""

    condition: ColumnElement[bool]
    courses: int
    place: Sequence[Any] | None


def courses_nearby(wanted: OfferingFilter, page: PageRequest, total: int, shown: Sequence[Group] = ()) -> Nearby | None:
    """Which courses a page shows, of `total` that match and fall into groups; None where it is better not to ask.

    They follow each other in the order of the page, from its beginning on. The page may still come out short, if few
    of them match: then the others must be looked at too.
    """
    # What is asked for by name stands together: among the names where a page begins there would often be too few.
    if total < (_FEW if wanted.names_some else _WORTH_IT) or wanted.kinds != (OfferingKind.COHORT,):
        return None
    first = _first(page, shown)
    if first is not None:
        near = _near("course", page, first.courses, first.place)
        return Nearby(and_(first.condition, near.condition) if near else first.condition)
    if page.sort in _NAMED:
        return _near(page.sort, page, total, page.cursor.values if page.cursor else None)
    values = values_of_list(wanted, page.sort, shown)
    return _from_value_to_value(page, values) if values else None


def slice_near(conditions: Sequence[ColumnElement[bool]], near: Nearby, page: PageRequest) -> Subquery:
    """A page of those of the courses nearby that match."""
    if near.first is not None:
        page = replace(page, cursor=None, descending=_downward(page))
    return slice_by_names([near.condition, *conditions], page, near.first)


def slice_of(conditions: Sequence[ColumnElement[bool]], page: PageRequest, total: int) -> Subquery:
    """A page of all courses that match, put in order in the quicker way for so many; 0 when nobody has counted them."""
    return (slice_by_names if 0 < total < _FEW else slice_sorted)(conditions, page)


def _downward(page: PageRequest) -> bool:
    return page.descending != (page.cursor is not None and page.cursor.backward)


def _near(sort: str, page: PageRequest, courses: int, place: Sequence[Any] | None) -> Nearby | None:
    """The courses of the entries that the page begins with; None where these are too many, or not known."""
    entries = entries_in_order(sort)
    if not entries:
        return None
    owner, width = _NAMED[sort]
    ids = ids_in_order(entries, downward=_downward(page))
    many = _AMPLE * page.size * len(ids) // max(courses, 1) + 1
    begin = begin_of(entries, ids, _text(sort, place[:width])) if place else 0
    if begin is None or 2 * many > len(ids):
        return None
    near = is_one_of(owner, ids[begin : begin + many])
    reaches_end = begin + many >= len(ids)
    # Courses without anybody stand before all others.
    with_nobody = sort == "facilitator" and (reaches_end or not _downward(page))
    return Nearby(or_(near, _NOBODY) if with_nobody else near, reaches_end)


def _text(sort: str, place: Sequence[Any]) -> str:
    return text_of_person(*place) if sort == "facilitator" else text_of(place)


def ids_in_order(entries: Mapping[int, str], *, downward: bool) -> list[int]:
    """Their ids, upwards or downwards."""
    ids = list(entries)
    return ids[::-1] if downward else ids


def begin_of(entries: Mapping[int, str], ids: Sequence[int], text: str) -> int | None:
    """The place of the entry at which a page begins; None when nothing is called so any more."""
    return next((at for at, row_id in enumerate(ids) if entries[row_id] == text), None)


def _first(page: PageRequest, shown: Sequence[Group]) -> _Among | None:
    """The courses that are alike in what a sort puts in order before their names; None where that is not known."""
    if page.sort == "facilitator":
        return _first_of_nobody(page, shown)
    return _first_of_mode(page, shown) if page.sort == "mode" else None


def _first_of_nobody(page: PageRequest, shown: Sequence[Group]) -> _Among | None:
    """The courses without a facilitator, if the page begins among them."""
    place = page.cursor.values if page.cursor else None
    courses = sum(group.courses for group in shown if not group.is_allocated)
    here = tuple(place[: len(_OF_NOBODY)]) == _OF_NOBODY if place else not _downward(page)
    return _Among(_NOBODY, courses, place and place[len(_OF_NOBODY) :]) if here and courses > page.size else None


def _first_of_mode(page: PageRequest, shown: Sequence[Group]) -> _Among | None:
    """The courses in the mode that the page begins with."""
    counts: Counter[str] = Counter()
    for group in shown:
        counts[group.mode] += group.courses
    if not counts:
        return None
    # Which name comes first, the database knows.
    named = select(Mode.id).where(Mode.name.in_(sorted(counts)))
    first = named.order_by(Mode.name.desc() if _downward(page) else Mode.name).limit(1)
    if page.cursor is None:
        return _Among(CourseOffering.mode_id == first.scalar_subquery(), min(counts.values()), None)
    name = str(page.cursor.values[0])
    is_it = CourseOffering.mode_id == select(Mode.id).where(Mode.name == name).scalar_subquery()
    return _Among(is_it, counts[name], page.cursor.values[1:]) if name in counts else None


def _from_value_to_value(page: PageRequest, values: Values) -> Nearby | None:
    """Where it is counted how many courses have each value: all of one with few, the next ones of one with many."""
    place, courses = page.cursor.values if page.cursor else None, values.courses
    begin = value_in(page.sort, place[0]) if place else None
    if not courses or (place and begin not in courses):
        return None
    order = list(courses)[::-1] if _downward(page) else list(courses)
    enough = page.size * (1 if values.is_exact else _AMPLE)
    found: dict[Any, ColumnElement[bool]] = {}
    ahead = 0.0
    near: Nearby | None = None
    for value in order[order.index(begin) :] if place else order:
        rest = place[1:] if place and value == begin else None
        near = _near("course", page, int(courses[value]), rest) if courses[value] > _MANY else None
        found[value] = and_(values.has(value), *([near.condition] if near else []), *_behind(page, rest))
        ahead += 0 if rest else courses[value]
        if ahead > enough or (near and not near.reaches_end):
            break
    reaches_end = next(reversed(found)) == order[-1] and (near is None or near.reaches_end)
    return Nearby(or_(*found.values()), reaches_end, _value_of(values, list(found)))


def _behind(page: PageRequest, rest: Sequence[Any] | None) -> list[ColumnElement[bool]]:
    """The condition on courses that stand behind the cursor among those with its value."""
    if page.cursor is None or rest is None:
        return []
    columns = [*values_in("course"), CourseOffering.id.expression]
    return [beyond(columns, [*rest, page.cursor.row_id], _downward(page))]


def _value_of(values: Values, found: Sequence[Any]) -> ColumnElement[Any]:
    """Which of these values a course has: said by who has it, for a count is not read off a row."""
    last = literal(found[-1])
    return case(*((values.has(value), literal(value)) for value in found[:-1]), else_=last) if found[1:] else last
