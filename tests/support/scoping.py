"""Two departments and what is nobody's, for tests of what a manager of one of them sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask

from portal import clock
from portal.accounts.models import ManagerDepartment
from portal.allocations.models import CourseOffering
from portal.extensions import db
from tests.support.people import Person
from tests.support.web import Maker

# Names that stand in all that belongs to a department, or to none, and nowhere else.
OWN, FAR, COMMON = "Ownly", "Zebra", "Common"


@dataclass(frozen=True, slots=True)
class World:
    """One person teaches a course of each department and a common one; each department has another without anybody.

    Courses, module ids and the ids of departments by OWN, FAR and COMMON.
    """

    teacher: Person
    courses: dict[str, Sequence[CourseOffering]]
    modules: dict[str, int]
    departments: dict[str, int]


def answer_for(app: Flask, manager: Person, *departments: int) -> Person:
    """Have a manager answer for departments."""
    with app.app_context():
        db.session.add_all(ManagerDepartment(manager_id=manager.profile_id, department_id=one) for one in departments)
        db.session.commit()
    return manager


def make_world(make: Maker) -> World:
    """The courses have logs (one missing, one that somebody asks to have opened), a lesson, a student, a reflection."""
    teacher = make.facilitator(first_name="Both", profile={"max_course_load": 2})
    departments = {name: make.department(code=name.upper(), name=f"{name} department").id for name in (OWN, FAR)}
    courses: dict[str, Sequence[CourseOffering]] = {}
    modules: dict[str, int] = {}
    for name in (OWN, FAR, COMMON):
        module = make.module(code=f"{name} 1", name=f"{name} module", department_id=departments.get(name))
        modules[name] = module.id
        courses[name] = [_course(make, teacher, module.id, name), _course(make, None, module.id, f"{name} vacant")]
    return World(teacher, courses, modules, departments)


def _course(make: Maker, teacher: Person | None, module_id: int, name: str) -> Any:
    course = make.offering(teacher, module_id=module_id, title=f"{name} course")
    if teacher:
        now = clock.now()
        make.log(course, week=1)
        make.log(course, week=2, started_at=now, submitted_at=now, reopen_asked_at=now, reopen_reason="A typo")
        make.lesson(course, title=f"{name} lesson")
        make.enrolment(course, make.student())
        make.round(course)
    return course
