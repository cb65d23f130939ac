"""What a list of course offerings can be narrowed to, by keys that people can read in an address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingStatus
from portal.catalogue.models import ClassGroup, Cohort, Department, Mode, Module
from portal.folding import fold

# Between a key and its name, as the type-ahead writes them: "CS357 · Algorithms".
KEY_END = " · "
MAX_WORDS = 8
_MAX_WORD = 60
_IN_BRACKETS = re.compile(r"\(([^()]+)\)\s*$")


@dataclass(frozen=True, slots=True)
class OfferingFilter:
    """What someone wants to see; empty means any. Texts are keys (a code, a name, an employee id) or parts of them."""

    academic_year: int | None = None
    trimester: int | None = None
    cohort: str = ""
    intake: IntakePeriod | None = None
    facilitator: str = ""
    mode: str = ""
    module: str = ""
    department: str = ""
    status: OfferingStatus | None = None
    unallocated: bool = False
    q: str = ""

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return self != OfferingFilter()


def conditions_of_texts(wanted: OfferingFilter) -> list[ColumnElement[bool]]:
    """The conditions that are no choices with counts: cohort, facilitator, module, department and free text."""
    found: list[ColumnElement[bool]] = []
    if wanted.cohort:
        found.append(CourseOffering.cohort_id.in_(_cohorts(wanted.cohort)))
    if wanted.facilitator:
        found.append(CourseOffering.facilitator_id.in_(_facilitators(wanted.facilitator)))
    if wanted.module:
        found.append(CourseOffering.module_id.in_(_modules(wanted.module)))
    if wanted.department:
        found.append(CourseOffering.module_id.in_(_modules_of_department(wanted.department)))
    return found + [_mentions(word) for word in words_of(wanted.q)]


def conditions_of_choices(wanted: OfferingFilter) -> list[ColumnElement[bool]]:
    """The conditions of the choices that are shown with counts: term, status, mode and intake."""
    found: list[ColumnElement[bool]] = []
    if wanted.academic_year is not None:
        found.append(CourseOffering.academic_year == wanted.academic_year)
    if wanted.trimester is not None:
        found.append(CourseOffering.trimester == wanted.trimester)
    if wanted.status is not None:
        found.append(CourseOffering.status == wanted.status)
    if wanted.unallocated:
        found.append(CourseOffering.facilitator_id.is_(None))
    if wanted.mode:
        found.append(CourseOffering.mode_id.in_(select(Mode.id).where(_is_key(Mode.name, wanted.mode))))
    if wanted.intake is not None:
        found.append(CourseOffering.intake_period == wanted.intake)
    return found


def words_of(text: str) -> list[str]:
    """The folded words of a search, at most eight, none longer than any name."""
    return [word[:_MAX_WORD] for word in fold(text).split()[:MAX_WORDS]]


def holds(column: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whether a folded column holds a folded word; % and _ stand for themselves."""
    return column.contains(word, autoescape=True)


def holds_any_case(column: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whether a code, kept as it was written, holds a folded word. SQLite lowers no letters but those of ASCII."""
    return func.lower(column).contains(word, autoescape=True)


def named(text: str) -> ColumnElement[bool]:
    """Facilitators (joined with their users) that a text means: by "Name (ID)", by id, or by parts of the name."""
    bracketed = _IN_BRACKETS.search(text)
    by_key = _is_key(Facilitator.employee_id, bracketed.group(1) if bracketed else text)
    if bracketed:
        return by_key
    words = words_of(text)
    return or_(by_key, and_(*(holds(User.name_folded, word) for word in words))) if words else by_key


def _facilitators(text: str) -> Select[int]:
    return select(Facilitator.id).join(User, User.id == Facilitator.user_id).where(named(text))


def _cohorts(text: str) -> Select[int]:
    return select(Cohort.id).where(_is_key(Cohort.code, text))


def _modules(text: str) -> Select[int]:
    if KEY_END in text:
        return select(Module.id).where(_is_key(Module.code, text))
    words = words_of(text)
    return select(Module.id).where(
        *(or_(holds(Module.name_folded, word), holds_any_case(Module.code, word)) for word in words)
    )


def _modules_of_department(text: str) -> Select[int]:
    departments = select(Department.id).where(_is_key(Department.code, text))
    return select(Module.id).where(Module.department_id.in_(departments))


def _is_key(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Whether a unique column is this key, as typed or in a usual case: an index answers that, `lower()` would scan."""
    key = text.partition(KEY_END)[0].strip()
    return column.in_(sorted({key, key.upper(), key.lower(), key.capitalize()}))


def _mentions(word: str) -> ColumnElement[bool]:
    """Whether a course mentions a word anywhere. The small tables are searched once each, not once per course."""
    people = select(Facilitator.id).join(User, User.id == Facilitator.user_id)
    places: Sequence[ColumnElement[bool]] = (
        CourseOffering.module_id.in_(
            select(Module.id).where(or_(holds(Module.name_folded, word), holds_any_case(Module.code, word)))
        ),
        CourseOffering.class_id.in_(select(ClassGroup.id).where(holds(ClassGroup.name_folded, word))),
        CourseOffering.cohort_id.in_(
            select(Cohort.id).where(or_(holds_any_case(Cohort.code, word), holds(Cohort.name_folded, word)))
        ),
        CourseOffering.facilitator_id.in_(
            people.where(or_(holds(User.name_folded, word), holds_any_case(Facilitator.employee_id, word)))
        ),
        holds(CourseOffering.title_folded, word),
    )
    return or_(*places)
