"""What files, columns and verdicts are called in pages."""

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


def init_words(app: Flask) -> None:
    """Give templates the filters `sentence`, for a message that is kept as data, and `column_word`."""
    app.jinja_env.filters["sentence"] = in_words
    app.jinja_env.filters["column_word"] = lambda name: COLUMN_WORDS.get(name, name)
