"""What courses are called by: the names of modules, classes, cohorts and people, as searches look for them.

Some thousand short texts that seldom change. A process keeps them and finds the few that hold a word in a millisecond;
the database, asked for names within names, would read all of them again for each word of each statement.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, false, func, literal, select, union_all

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.bulk import is_one_of, list_of
from portal.catalogue.models import ClassGroup, Cohort, Module
from portal.extensions import db
from portal.pulses import NAMES, PEOPLE, has_kept_anew, keep, kept, recall

# Stands between the texts of one entry; no word holds it.
_BETWEEN = "\n"
_Read = Select[*tuple[Any, ...]]


def _named(place: str, entry: Any, name: Any, code: Any) -> _Read:
    return select(literal(place, String).label("place"), entry.label("entry"), name.label("name"), code.label("code"))


_OF_PEOPLE = _named("facilitator_id", Facilitator.id, User.name_folded, Facilitator.employee_id).join(
    User, User.id == Facilitator.user_id
)
_OF_CATALOGUE = (
    _named("module_id", Module.id, Module.name_folded, Module.code),
    _named("class_id", ClassGroup.id, ClassGroup.name_folded, literal("", String)),
    _named("cohort_id", Cohort.id, Cohort.name_folded, Cohort.code),
)
# In which order the sorts that begin with an entry of the catalogue have them.
_ORDERS: Mapping[str, Sequence[Any]] = {
    "course": (Module.id, Module.name_folded, Module.code),
    "code": (Module.id, Module.code),
    "class": (ClassGroup.id, ClassGroup.name),
    "cohort": (Cohort.id, Cohort.code),
    "credits": (Module.id, Module.credits, Module.name_folded, Module.code),
}
# Every text that a search looks through, by the column of a course that names its entry, and by the entry's id.
Texts = Mapping[str, Mapping[int, str]]


def names_holding(word: str) -> list[ColumnElement[bool]]:
    """For each place where a course is named, the condition that a folded word stands there.

    One statement at most: what it reads is kept while no name changes.
    """
    return [_among(column, texts, word) for column, texts in _every_text().items()]


def people_in_order() -> Mapping[int, str]:
    """Every facilitator's folded name and employee id by id, in the order in which the database sorts them.

    One statement at most: kept while nobody's name changes.
    """
    return kept("names", "people", lambda: _read(_OF_PEOPLE).get("facilitator_id", {}), PEOPLE)


def text_of_person(name_folded: Any, employee_id: Any) -> str:
    """How `people_in_order` has somebody."""
    return _BETWEEN.join((str(name_folded), str(employee_id).lower()))


def entries_in_order(sort: str) -> Mapping[int, str] | None:
    """What a sort of courses puts in order first, by id, in the order in which the database sorts it.

    It is kept while no name changes; None in a request that had to read something else anew: it does without.
    """
    if sort == "facilitator":
        found = recall("names", "people", PEOPLE)
        return people_in_order() if found is not None or not has_kept_anew() else None
    found = recall("orders", sort, NAMES)
    if found is None and not has_kept_anew():
        columns = _ORDERS[sort]
        rows = db.session.execute(select(*columns).order_by(*columns[1:])).all()
        found = {row[0]: text_of(row[1:]) for row in rows}
        keep("orders", sort, found, NAMES)
    return found


def text_of(values: Sequence[Any]) -> str:
    """What an entry is put in order by, as one text."""
    return _BETWEEN.join(map(str, values))


def _every_text() -> Texts:
    catalogue, people = recall("names", "catalogue", NAMES), recall("names", "people", PEOPLE)
    if catalogue is None and people is None:
        found = _read(*_OF_CATALOGUE, _OF_PEOPLE)
        people = found.pop("facilitator_id", {})
        keep("names", "catalogue", found, NAMES)
        keep("names", "people", people, PEOPLE)
        return {**found, "facilitator_id": people}
    catalogue = kept("names", "catalogue", lambda: _read(*_OF_CATALOGUE), NAMES)
    return {**catalogue, "facilitator_id": people_in_order()}


def _read(*wanted: _Read) -> dict[str, dict[int, str]]:
    whole = union_all(*wanted).subquery()
    # Codes are kept as they were written: only their case is evened out.
    found: dict[str, dict[int, str]] = {}
    rows = db.session.execute(select(whole).order_by(whole.c.name, whole.c.code))
    for column, row_id, name, code in rows:
        found.setdefault(column, {})[row_id] = _BETWEEN.join((name, code.lower()))
    return found


def _among(column: str, texts: Mapping[int, str], word: str) -> ColumnElement[bool]:
    """Whether what a course names in a column holds the word; the shorter list is what the database gets."""
    owner: ColumnElement[Any] = getattr(CourseOffering, column)
    found = [row_id for row_id, text in texts.items() if word in text]
    if not found:
        return false()
    if len(found) == len(texts):
        return owner.is_not(None)
    # An expression, whose empty ones do not match: no index answers a search for parts of titles, and MariaDB would
    # think of each of these numbers in every index before it finds out.
    if 2 * len(found) > len(texts):
        others = texts.keys() - set(found)
        return func.coalesce(owner, min(others)).op("NOT IN", is_comparison=True)(list_of(others))
    return is_one_of(func.coalesce(owner, 0), found)
