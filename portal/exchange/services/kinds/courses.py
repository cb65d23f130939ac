"""Course offerings and enrolments."""

from datetime import timedelta

from portal.allocations.models import MAX_STUDENTS, IntakePeriod
from portal.allocations.services.bulk import StoredOffering, TermDraft
from portal.bulk import Stored
from portal.catalogue.calendar import trimester_of
from portal.enrolments.models import EnrolmentStatus
from portal.enrolments.services import HOLDS_A_PLACE, EnrolmentDraft
from portal.errors import lazy, lazy_plural
from portal.exchange.services.cells import Blank, Column, RowError, day, one_of, text, whole
from portal.exchange.services.kinds.kind import Given, Kind, find, in_order, refer_to, refuse_elsewhere
from portal.exchange.services.term import Term

# Longer than any course; a slip in a year must not plan weekly logs for a century.
_LONGEST_COURSE = timedelta(days=3 * 366)


def _refer_parts(given: Given, term: Term) -> None:
    for column, register in (
        ("module_code", term.modules),
        ("class_name", term.classes),
        ("cohort_code", term.cohorts),
        ("mode", term.modes),
    ):
        refer_to(given, column, register)
    refuse_elsewhere(given.get("module_code"), "module_code", term)


def _complete_offering(given: Given) -> None:
    """Year, trimester and intake follow from the first day where a file leaves them out."""
    given.setdefault("intake_period", IntakePeriod.FT)
    if start := given.get("start_date"):
        given.setdefault("academic_year", start.year)
        given.setdefault("trimester", trimester_of(start))


def _refer_offering(given: Given, term: Term) -> None:
    _refer_parts(given, term)
    refer_to(given, "facilitator_employee_id", term.facilitators)


def _refer_enrolment(given: Given, term: Term) -> None:
    """An enrolment's seven columns of a course become the course's key."""
    refer_to(given, "student_number", term.students)
    _refer_parts(given, term)
    key = tuple(given[name] for name in OFFERINGS.key)
    missing = lazy("There is no course of this module, class, cohort, mode, year, trimester and intake.")
    given["offering"] = find(given, "module_code", term.offerings, missing, key)
    for name in OFFERINGS.key:
        del given[name]


def _verify_offering(draft: TermDraft, stored: StoredOffering | None, term: Term) -> None:
    in_order(draft.start_date, draft.end_date)
    if draft.end_date - draft.start_date > _LONGEST_COURSE:
        raise RowError(lazy("A course cannot last longer than three years."), "end_date", draft.end_date.isoformat())
    if stored and draft.max_students < min(stored.enrolled, stored.draft.max_students):
        why = lazy("%(count)s students are on this course already.", count=stored.enrolled)
        raise RowError(why, "max_students", str(draft.max_students))
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


def _verify_enrolment(draft: EnrolmentDraft, stored: Stored[EnrolmentDraft] | None, term: Term) -> None:
    """Nobody gets a place that a course does not have; the rows of a file are taken in their order."""
    held = stored is not None and stored.draft.status in HOLDS_A_PLACE
    holds = draft.status in HOLDS_A_PLACE
    places, taken = term.places_of(draft.offering)
    if holds and not held and taken >= places:
        why = lazy_plural(
            "The only place of this course is taken. Give it more places, or write waitlisted as status.",
            "All %(places)s places of this course are taken. Give it more places, or write waitlisted as status.",
            places,
            places=places,
        )
        raise RowError(why, "status", draft.status.value)
    term.seated[draft.offering] += holds - held


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
    verify=_verify_enrolment,
)
