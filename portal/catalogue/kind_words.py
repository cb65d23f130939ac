"""What the kinds of the catalogue are called, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class KindWords:
    """Its place, what makes a new one, what it is for, and what names it."""

    many: Any
    new: Any
    about: Any
    users: Any


KIND_WORDS: Mapping[str, KindWords] = {
    "modules": KindWords(_l("Modules"), _l("New module"), _l("What is taught."), _l("Courses")),
    "classes": KindWords(_l("Classes"), _l("New class"), _l("The groups that are taught."), _l("Courses")),
    "cohorts": KindWords(_l("Cohorts"), _l("New cohort"), _l("The intakes of programmes."), _l("Courses and people")),
    "modes": KindWords(
        _l("Modes"),
        _l("New mode"),
        _l("How teaching happens, and whether its courses owe a weekly log."),
        _l("Courses"),
    ),
    "departments": KindWords(
        _l("Departments"), _l("New department"), _l("The units that own modules."), _l("Modules and people")
    ),
    "breaks": KindWords(
        _l("Calendar"), _l("New break"), _l("Breaks: days without teaching, for which no weekly log is owed."), ""
    ),
}
COLUMN_WORDS: Mapping[str, Any] = {
    "code": _l("Code"),
    "name": _l("Name"),
    "credits": _l("Credits"),
    "level": _l("Level"),
    "department_id": _l("Department"),
    "year": _l("Year"),
    "section": _l("Section"),
    "program": _l("Programme"),
    "start_date": _l("First day"),
    "end_date": _l("Last day"),
    "expects_weekly_log": _l("Weekly logs"),
    "workload_percent": _l("An hour counts"),
}
