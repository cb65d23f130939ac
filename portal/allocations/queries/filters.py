"""What a list of course offerings can be narrowed to, by keys that people can read in an address."""

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.queries.names import names_holding
from portal.catalogue.models import Cohort, Department, Mode, Module
from portal.folding import fold
from portal.pulses import COURSES, NAMES, PEOPLE

# Between a key and its name, as the type-ahead writes them: "CS357 · Algorithms".
KEY_END = " · "
MAX_WORDS = 8
_MAX_WORD = 60
# Academic year and trimester; None stands for any.
Term = tuple[int | None, int | None]
_IN_BRACKETS = re.compile(r"\(([^()]+)\)\s*$")


@dataclass(frozen=True, slots=True)
class OfferingFilter:
    """What someone wants to see; several values of one kind mean any of them, none means all.

    Terms are (academic year, trimester), of which either may be open. Texts are keys (a code, a name, an employee
    id) or parts of them. `without_facilitator` is a choice beside the statuses, `unallocated` a demand of its own.
    """

    terms: tuple[Term, ...] = ()
    cohorts: tuple[str, ...] = ()
    intakes: tuple[IntakePeriod, ...] = ()
    facilitators: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    statuses: tuple[OfferingStatus, ...] = ()
    without_facilitator: bool = False
    unallocated: bool = False
    q: str = ""
    # Open courses have a home of their own; nobody allocates them.
    kinds: tuple[OfferingKind, ...] = (OfferingKind.COHORT,)

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return self != OfferingFilter()

    @property
    def names_some(self) -> bool:
        """Whether it asks for courses by what they, or what they belong to, are called."""
        return bool(self.q or self.modules or self.departments or self.cohorts or self.facilitators)


def conditions_of(wanted: OfferingFilter) -> list[ColumnElement[bool]]:
    """Every condition of a list, on course offerings alone."""
    return [*conditions_of_choices(wanted), *conditions_of_texts(wanted)]


def subjects_of(wanted: OfferingFilter) -> tuple[str, ...]:
    """What the courses of a filter follow from, for whoever keeps them: courses, and names if they are asked for."""
    return (COURSES, *names_of(wanted))


def names_of(wanted: OfferingFilter) -> tuple[str, ...]:
    """Of these, what is no matter of the courses themselves."""
    return (NAMES, PEOPLE) if wanted.q or wanted.facilitators else ()


def conditions_of_texts(wanted: OfferingFilter) -> list[ColumnElement[bool]]:
    """The conditions that are no choices with counts: cohort, facilitator, module, department and free text."""
    found = [_of_kinds(wanted.kinds)] if wanted.kinds else []
    if wanted.cohorts:
        found.append(CourseOffering.cohort_id.in_(select(Cohort.id).where(_is_key(Cohort.code, *wanted.cohorts))))
    if wanted.facilitators:
        people = select(Facilitator.id).join(User, User.id == Facilitator.user_id)
        found.append(CourseOffering.facilitator_id.in_(people.where(or_(*map(named, wanted.facilitators)))))
    if wanted.modules:
        found.append(CourseOffering.module_id.in_(select(Module.id).where(or_(*map(_module, wanted.modules)))))
    if wanted.departments:
        departments = select(Department.id).where(_is_key(Department.code, *wanted.departments))
        found.append(CourseOffering.module_id.in_(select(Module.id).where(Module.department_id.in_(departments))))
    return found + [_mentions(word) for word in words_of(wanted.q)]


def _of_kinds(kinds: tuple[OfferingKind, ...]) -> ColumnElement[bool]:
    if OfferingKind.COHORT not in kinds:
        return CourseOffering.kind.in_(kinds)
    # Nearly every course is of that kind. An expression, so that no planner takes the index of open courses for it and
    # looks up twenty thousand rows one by one.
    return func.coalesce(CourseOffering.kind, OfferingKind.OPEN).in_(kinds)


def conditions_of_choices(wanted: OfferingFilter) -> list[ColumnElement[bool]]:
    """The conditions of the choices that are shown with counts: term, status, mode and intake."""
    found: list[ColumnElement[bool]] = []
    if wanted.terms:
        found.append(or_(*(_in_term(*term) for term in wanted.terms)))
    nobody = CourseOffering.facilitator_id.is_(None)
    standing = [CourseOffering.status.in_(wanted.statuses)] if wanted.statuses else []
    if standing or wanted.without_facilitator:
        found.append(or_(*standing, *([nobody] if wanted.without_facilitator else [])))
    if wanted.unallocated:
        found.append(nobody)
    if wanted.modes:
        found.append(CourseOffering.mode_id.in_(select(Mode.id).where(_is_key(Mode.name, *wanted.modes))))
    if wanted.intakes:
        found.append(CourseOffering.intake_period.in_(wanted.intakes))
    return found


def _in_term(year: int | None, trimester: int | None) -> ColumnElement[bool]:
    parts = ((CourseOffering.academic_year, year), (CourseOffering.trimester, trimester))
    return and_(*(column == value for column, value in parts if value is not None))


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


def _module(text: str) -> ColumnElement[bool]:
    """Modules that a text means: by "CODE · Name", or by parts of code and name."""
    if KEY_END in text:
        return _is_key(Module.code, text)
    return and_(
        true(), *(or_(holds(Module.name_folded, word), holds_any_case(Module.code, word)) for word in words_of(text))
    )


def _is_key(column: InstrumentedAttribute[str], *texts: str) -> ColumnElement[bool]:
    """Whether a unique column is one of these keys, as typed or in a usual case.

    An index answers that, `lower()` would scan.
    """
    keys = [text.partition(KEY_END)[0].strip() for text in texts]
    return column.in_(sorted({case for key in keys for case in (key, key.upper(), key.lower(), key.capitalize())}))


def _mentions(word: str) -> ColumnElement[bool]:
    """Whether a course mentions a word anywhere."""
    return or_(*names_holding(word), holds(CourseOffering.title_folded, word))
