"""What files, columns and verdicts are called in pages."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from portal.exchange.sentences import in_words

KIND_WORDS = {
    "breaks": _l("Breaks"),
    "modules": _l("Modules"),
    "classes": _l("Classes"),
    "cohorts": _l("Cohorts"),
    "facilitators": _l("Facilitators"),
    "students": _l("Students"),
    "offerings": _l("Courses"),
    "enrolments": _l("Enrolments"),
}
COLUMN_WORDS = {
    "code": _l("Code"),
    "name": _l("Name"),
    "department": _l("Department"),
    "level": _l("Level"),
    "credits": _l("Credits"),
    "year": _l("Year"),
    "section": _l("Section"),
    "program": _l("Programme"),
    "start_date": _l("First day"),
    "end_date": _l("Last day"),
    "employee_id": _l("Employee id"),
    "email": _l("Email"),
    "first_name": _l("First name"),
    "last_name": _l("Last name"),
    "max_course_load": _l("Limit of courses"),
    "student_number": _l("Student number"),
    "cohort_code": _l("Cohort code"),
    "module_code": _l("Module code"),
    "class_name": _l("Class"),
    "mode": _l("Mode"),
    "academic_year": _l("Academic year"),
    "trimester": _l("Trimester"),
    "intake_period": _l("Intake"),
    "facilitator_employee_id": _l("Facilitator"),
    "max_students": _l("Places"),
    "status": _l("Status"),
}
# The word of a verdict, its symbol, and the class that colours it; ahead of a confirmation and after it.
VERDICTS = {
    "create": (_l("New"), "plus", "on-time"),
    "update": (_l("Changed"), "edit", "late"),
    "unchanged": (_l("Unchanged"), "minus", "not-due"),
    "error": (_l("Error"), "warn", "missing"),
    "skipped": (_l("Depends on an error"), "link", "excused"),
    "broken": (_l("Cannot be read"), "file", "missing"),
}


def column_word(names: str) -> str:
    """What one column is called, or several with commas between them; unknown ones stay as they are."""
    return ", ".join(str(COLUMN_WORDS.get(name, name)) for name in names.split(", "))


def told(message: Mapping[str, Any]) -> str:
    """A message of a report in the present language; columns that it names are called as the pages call them."""
    params = message.get("params", {})
    if "columns" in params:
        message = {**message, "params": {**params, "columns": column_word(params["columns"])}}
    return in_words(message)


def init_words(app: Flask) -> None:
    """Give templates the filters `sentence`, for a message that is kept as data, and `column_word`."""
    app.jinja_env.filters["sentence"] = told
    app.jinja_env.filters["column_word"] = column_word
