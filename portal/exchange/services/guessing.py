"""What a file of others holds and which of its columns are ours, guessed from what they are called."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from portal.exchange.readers import column_name
from portal.exchange.services.kinds import KINDS, Kind
from portal.folding import fold

# Below this, two names have no more in common than chance gives them.
_ALIKE = 0.82
# What a header must hold of a kind's required columns for a guess by the header alone.
_ENOUGH = 0.6

_KINDS: Mapping[str, tuple[str, ...]] = {
    "breaks": ("break", "holidays", "calendar", "vacances", "pauses"),
    "modules": ("module", "subjects", "catalogue", "catalog", "units"),
    "classes": ("class", "groups", "groupes"),
    "cohorts": ("cohort", "intakes", "cohortes", "promotions"),
    "facilitators": ("facilitator", "teachers", "instructors", "lecturers", "staff", "faculty", "enseignants"),
    "students": ("student", "learners", "etudiants"),
    "offerings": ("offering", "courses", "sections", "allocations", "timetable", "cours"),
    "enrolments": ("enrolment", "enrollments", "registrations", "rosters", "inscriptions"),
}
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("id", "short_name", "abbreviation", "module_code", "course_code", "subject_code", "cohort_code", "sigle"),
    "name": ("title", "description", "nom", "intitule", "module_name", "course_title", "class_name", "cohort_name",
        "class", "group", "classe", "groupe", "cohort", "holiday",),
    "module_code": ("module", "course_code", "course", "subject", "subject_code", "unit_code", "code_du_module"),
    "class_name": ("class", "section", "group", "classe", "groupe"),
    "cohort_code": ("cohort", "intake", "programme_code", "cohorte", "promotion"),
    "mode": ("delivery", "delivery_mode", "modality", "instruction_mode"),
    "academic_year": ("year", "annee"),
    "trimester": ("term", "semester", "trimestre"),
    "intake_period": ("intake", "period", "part_of_term"),
    "facilitator_employee_id": (
        "facilitator", "facilitator_id", "employee_id", "teacher", "teacher_id", "instructor", "instructor_id",
    ),
    "employee_id": ("staff_id", "staff_number", "employee_number", "personnel_number", "matricule", "id"),
    "student_number": ("student_id", "student", "matriculation_number", "registration_number", "id"),
    "email": ("e-mail", "mail", "email_address", "address", "courriel"),
    "first_name": ("given_name", "forename", "prenom"),
    "last_name": ("surname", "family_name", "nom", "nom_de_famille"),
    "start_date": ("start", "starts", "begin", "from", "first_day", "debut"),
    "end_date": ("end", "ends", "until", "to", "last_day", "fin"),
    "max_students": ("capacity", "places", "seats", "max", "enrollment_capacity", "places_max"),
    "max_course_load": ("max_load", "load", "limit", "course_load"),
    "department": ("dept", "department_code", "unit", "departement"),
    "credits": ("credit", "credit_hours", "ects"),
    "status": ("state", "enrolment_status", "etat"),
    "program": ("programme", "degree"),
}  # fmt: skip


def _plain(name: str) -> str:
    return fold(column_name(name).replace("-", "_").replace(".", "_")).strip("_")


def guess_places(kind: Kind, header: Sequence[str]) -> dict[str, int]:
    """Where our columns stand in a header, as far as that can be told; each column of the file is taken once."""
    names = [_plain(cell) for cell in header]
    scored = [
        (score, -order, -place, column.name)
        for order, column in enumerate(kind.columns)
        for place, name in enumerate(names)
        if name and (score := _likeness(column.name, name)) >= _ALIKE
    ]
    found: dict[str, int] = {}
    for _, _, place, name in sorted(scored, reverse=True):
        if name not in found and -place not in found.values():
            found[name] = -place
    return {column.name: found[column.name] for column in kind.columns if column.name in found}


def _likeness(ours: str, theirs: str) -> float:
    """1 for the same name, a little less for a word that is known to mean it, then by how alike they are written."""
    if theirs == ours:
        return 1.0
    if theirs in _COLUMNS.get(ours, ()):
        return 0.99
    short, long = sorted((len(ours), len(theirs)))
    # Two names of so different a length cannot be alike enough, and a cell of a header can be a megabyte.
    return SequenceMatcher(None, ours, theirs).ratio() if long <= 2 * short else 0.0


def guess_kind(name: str, header: Sequence[str]) -> str:
    """The kind of a file by its name and its header; empty when neither says."""
    stem = _plain(name.rpartition(".")[0] or name)
    named = next((kind for kind, words in _KINDS.items() if stem == kind or stem in words), "")
    if named:
        return named
    shares = {kind.name: _share(kind, header) for kind in KINDS}
    said = next((kind for kind in _KINDS if any(word in stem for word in (kind, *_KINDS[kind]))), "")
    if said and shares[said] >= _ENOUGH:
        return said
    best = max(KINDS, key=lambda kind: (shares[kind.name], len(guess_places(kind, header))))
    return best.name if shares[best.name] >= _ENOUGH else ""


def _share(kind: Kind, header: Sequence[str]) -> float:
    """How much of a kind's required columns a header has."""
    required = [column.name for column in kind.columns if column.required]
    found = guess_places(kind, header)
    return sum(name in found for name in required) / len(required)
