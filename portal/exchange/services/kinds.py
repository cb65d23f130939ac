"""The files that we know: their columns, what their rows refer to, and the rules of a whole row."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.accounts.services.bulk import FacilitatorDraft, StudentDraft
from portal.allocations.models import MAX_STUDENTS, IntakePeriod
from portal.allocations.services.bulk import StoredOffering, TermDraft
from portal.catalogue.calendar import trimester_of
from portal.catalogue.services import BreakDraft, ClassDraft, CohortDraft, DepartmentDraft, ModuleDraft
from portal.enrolments.models import EnrolmentStatus
from portal.enrolments.services import EnrolmentDraft
from portal.errors import lazy
from portal.exchange.services import people
from portal.exchange.services.cells import Blank, Column, RowError, day, email, one_of, text, whole
from portal.exchange.services.registers import Register
from portal.exchange.services.term import Term

Given = dict[str, Any]
_DEPARTMENT_CODE = 20
# Longer than any course; a slip in a year must not plan weekly logs for a century.
_LONGEST_COURSE = timedelta(days=3 * 366)


def _nothing(_given: Given, _term: Term) -> None:
    """Refer to nothing."""


def _complete(_given: Given) -> None:
    """Have nothing that follows from other cells."""


def _fine(_draft: Any, _stored: Any, _term: Term) -> None:
    """Have no rule beyond those of the cells."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One known file.

    `thing` is what one row describes, translatable.
    `key` are the draft's fields that tell rows apart. `complete` fills in what follows from other
    cells, also in a row with faults. `refer` replaces what a row refers to by the spelling that is
    stored, `verify` checks a draft; both raise RowError.
    """

    name: str
    thing: Any
    draft: Callable[..., Any]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    register: Callable[[Term], Register[Any]]
    complete: Callable[[Given], None] = _complete
    refer: Callable[[Given, Term], None] = _nothing
    verify: Callable[[Any, Any, Term], None] = _fine

    def key_in(self, given: Given) -> Hashable:
        """The key of a row. Raises KeyError when some of it could not be read."""
        values = tuple(given[name] for name in self.key)
        return values if len(values) > 1 else values[0]


_UNKNOWN = {
    "module_code": lazy("There is no module of this code."),
    "class_name": lazy("There is no class of this name."),
    "cohort_code": lazy("There is no cohort of this code."),
    "mode": lazy("There is no mode of this name."),
    "facilitator_employee_id": lazy("There is no facilitator with this employee id."),
    "student_number": lazy("There is no student with this number."),
}


def _find(given: Given, column: str, register: Register[Any], message: Any = None, value: Any = None) -> Any:
    """How a row's reference is spelled where it is known; None for none. Raises RowError."""
    wanted = given.get(column) if value is None else value
    if wanted is None or (spelled := register.spelling_of(wanted)) is not None:
        return None if wanted is None else spelled
    shown = given.get(column, "")
    if refused := register.refused(wanted):
        file, line = refused
        why = lazy("It depends on line %(line)s of %(file)s, which has an error.", line=line, file=file)
        raise RowError(why, column, str(shown), follows=True)
    raise RowError(message or _UNKNOWN[column], column, str(shown))


def _refer_to(given: Given, column: str, register: Register[Any]) -> None:
    if column in given:
        given[column] = _find(given, column, register)


def _new_department(code: str | None, term: Term) -> None:
    """A department that nobody described yet is made from its code."""
    if code and len(code) <= _DEPARTMENT_CODE and term.departments.spelling_of(code) is None:
        term.departments.take(code, 0, DepartmentDraft(code))


def _refer_module(given: Given, term: Term) -> None:
    _new_department(given.get("department"), term)
    if given.get("department"):
        given["department"] = term.departments.spelling_of(given["department"])


def _refer_student(given: Given, term: Term) -> None:
    _refer_to(given, "cohort_code", term.cohorts)


def _refer_parts(given: Given, term: Term) -> None:
    for column, register in (
        ("module_code", term.modules),
        ("class_name", term.classes),
        ("cohort_code", term.cohorts),
        ("mode", term.modes),
    ):
        _refer_to(given, column, register)


def _complete_offering(given: Given) -> None:
    """Year, trimester and intake follow from the first day where a file leaves them out."""
    given.setdefault("intake_period", IntakePeriod.FT)
    if start := given.get("start_date"):
        given.setdefault("academic_year", start.year)
        given.setdefault("trimester", trimester_of(start))


def _refer_offering(given: Given, term: Term) -> None:
    _refer_parts(given, term)
    _refer_to(given, "facilitator_employee_id", term.facilitators)


def _refer_enrolment(given: Given, term: Term) -> None:
    """An enrolment's seven columns of a course become the course's key."""
    _refer_to(given, "student_number", term.students)
    _refer_parts(given, term)
    key = tuple(given[name] for name in OFFERINGS.key)
    missing = lazy("There is no course of this module, class, cohort, mode, year, trimester and intake.")
    given["offering"] = _find(given, "module_code", term.offerings, missing, key)
    for name in OFFERINGS.key:
        del given[name]


def _in_order(first: date | None, last: date | None, *, one_day: bool = False) -> None:
    if first and last and (last < first or (last == first and not one_day)):
        why = lazy("The end must lie after the start, which is %(start)s.", start=first.isoformat())
        raise RowError(why, "end_date", last.isoformat())


def _verify_break(draft: BreakDraft, _stored: Any, _term: Term) -> None:
    _in_order(draft.start_date, draft.end_date, one_day=True)


def _verify_cohort(draft: CohortDraft, _stored: Any, _term: Term) -> None:
    _in_order(draft.start_date, draft.end_date)


def _verify_facilitator(draft: FacilitatorDraft, stored: Any, term: Term) -> None:
    people.verify_facilitator(draft, stored, term)
    _new_department(draft.department, term)


def _verify_offering(draft: TermDraft, stored: StoredOffering | None, term: Term) -> None:
    _in_order(draft.start_date, draft.end_date)
    if draft.end_date - draft.start_date > _LONGEST_COURSE:
        raise RowError(lazy("A course cannot last longer than three years."), "end_date", draft.end_date.isoformat())
    if stored and stored.draft.facilitator_employee_id != draft.facilitator_employee_id:
        _verify_change(draft.facilitator_employee_id, stored, term)


def _verify_change(person: str | None, stored: StoredOffering, term: Term) -> None:
    """Another facilitator is taken from a file as it would be taken from a manager; only the limit does not bind."""
    column = "facilitator_employee_id"
    if not stored.takes_facilitator:
        raise RowError(
            lazy("This course is completed or cancelled: its facilitator stays as it is."), column, person or ""
        )
    if person in term.absent:
        raise RowError(lazy("This facilitator is not available at present."), column, person or "")


BREAKS = Kind(
    "breaks",
    lazy("break"),
    BreakDraft,
    (Column("name", text(100)), Column("start_date", day), Column("end_date", day)),
    ("name", "start_date"),
    lambda term: term.breaks,
    verify=_verify_break,
)
MODULES = Kind(
    "modules",
    lazy("module"),
    ModuleDraft,
    (
        Column("code", text(40)),
        Column("name", text(200)),
        Column.optional("department", text(_DEPARTMENT_CODE)),
        Column.optional("level", text(20)),
        Column.optional("credits", whole(0, 999), Blank.AS_BEFORE),
    ),
    ("code",),
    lambda term: term.modules,
    refer=_refer_module,
)
CLASSES = Kind(
    "classes",
    lazy("class"),
    ClassDraft,
    (Column("name", text(100)), Column.optional("year", whole(0, 9999)), Column.optional("section", text(40))),
    ("name",),
    lambda term: term.classes,
)
COHORTS = Kind(
    "cohorts",
    lazy("cohort"),
    CohortDraft,
    (
        Column("code", text(40)),
        Column("name", text(200)),
        Column.optional("program", text(200)),
        Column.optional("start_date", day),
        Column.optional("end_date", day),
    ),
    ("code",),
    lambda term: term.cohorts,
    verify=_verify_cohort,
)
FACILITATORS = Kind(
    "facilitators",
    lazy("facilitator"),
    FacilitatorDraft,
    (
        Column("employee_id", text(40)),
        Column("email", email),
        Column("first_name", text(100)),
        Column("last_name", text(100), Blank.EMPTY_TEXT),
        Column.optional("department", text(100)),
        Column.optional("max_course_load", whole(0, 1000), Blank.AS_BEFORE),
    ),
    ("employee_id",),
    lambda term: term.facilitators,
    verify=_verify_facilitator,
)
STUDENTS = Kind(
    "students",
    lazy("student"),
    StudentDraft,
    (
        Column("student_number", text(40)),
        Column("email", email),
        Column("first_name", text(100)),
        Column("last_name", text(100), Blank.EMPTY_TEXT),
        Column.optional("cohort_code", text(40)),
    ),
    ("student_number",),
    lambda term: term.students,
    refer=_refer_student,
    verify=people.verify_student,
)
_COURSE_KEY = (
    Column("module_code", text(40)),
    Column("class_name", text(100)),
    Column("cohort_code", text(40)),
    Column("mode", text(40)),
)
_YEAR, _TRIMESTER, _INTAKE = whole(1950, 2150), whole(1, 3), one_of(IntakePeriod)
OFFERINGS = Kind(
    "offerings",
    lazy("course"),
    TermDraft,
    (
        *_COURSE_KEY,
        Column.optional("academic_year", _YEAR, Blank.AS_BEFORE),
        Column.optional("trimester", _TRIMESTER, Blank.AS_BEFORE),
        Column.optional("intake_period", _INTAKE, Blank.AS_BEFORE),
        Column.optional("facilitator_employee_id", text(40)),
        Column("start_date", day),
        Column("end_date", day),
        Column.optional("max_students", whole(1, MAX_STUDENTS), Blank.AS_BEFORE),
    ),
    ("module_code", "class_name", "cohort_code", "mode", "academic_year", "trimester", "intake_period"),
    lambda term: term.offerings,
    complete=_complete_offering,
    refer=_refer_offering,
    verify=_verify_offering,
)
ENROLMENTS = Kind(
    "enrolments",
    lazy("enrolment"),
    EnrolmentDraft,
    (
        Column("student_number", text(40)),
        *_COURSE_KEY,
        Column("academic_year", _YEAR),
        Column("trimester", _TRIMESTER),
        Column.optional("intake_period", _INTAKE, Blank.AS_BEFORE),
        Column.optional("status", one_of(EnrolmentStatus), Blank.AS_BEFORE),
    ),
    ("student_number", "offering"),
    lambda term: term.enrolments,
    complete=_complete_offering,
    refer=_refer_enrolment,
)
# In this order they are checked and written: each refers to earlier ones only.
KINDS = (BREAKS, MODULES, CLASSES, COHORTS, FACILITATORS, STUDENTS, OFFERINGS, ENROLMENTS)
