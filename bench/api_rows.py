"""Five thousand courses of a term with twelve weeks each: sixty thousand logs, their items answered."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Table, insert, select, text

from portal import clock
from portal.accounts.models import Facilitator, ManagerDepartment, User
from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.catalogue.models import ClassGroup, Cohort, Department, Module
from portal.extensions import db
from portal.roles import Role
from portal.tracker.models import ActivityLog
from tests.support.people import Person, make_manager
from tests.support.teaching import make_mode, this_monday

COURSES, WEEKS, TEACHERS, MODULES, CLASSES, COHORTS = 5_000, 12, 500, 250, 20, 10
_SO_FAR, _WEEK = 6, timedelta(days=7)
_ITEMS = (
    "INSERT INTO activity_tracker_items (tracker_id, item_id, status, created_at, updated_at)"
    " SELECT t.id, i.id, ELT(1 + MOD(t.id + i.id, 3), 'Done', 'Done', 'Pending'), :now, :now"
    " FROM activity_trackers t JOIN checklist_items i ON i.is_active AND i.from_week <= t.week_number"
    " AND (i.to_week IS NULL OR t.week_number <= i.to_week) WHERE t.started_at IS NOT NULL"
)


def fill() -> None:
    """Write all of it: half of the weeks are over, and of those one in ten is not handed in."""
    teachers = _teachers()
    modules = _many(
        Module, [{"code": f"B{n}", "name": f"Module {n} of the bench", "credits": 5} for n in range(MODULES)]
    )
    classes = _many(ClassGroup, [{"name": f"Bench {number}"} for number in range(CLASSES)])
    cohorts = _many(Cohort, [{"code": f"B{number}", "name": f"Cohort {number}"} for number in range(COHORTS)])
    mode, monday = make_mode().id, this_monday() - _SO_FAR * _WEEK
    courses = _many(CourseOffering, [
        {
            "kind": OfferingKind.COHORT, "module_id": modules[number % MODULES], "class_id": classes[number // MODULES],
            "cohort_id": cohorts[number % COHORTS], "mode_id": mode, "facilitator_id": teachers[number % TEACHERS],
            "start_date": monday, "end_date": monday + WEEKS * _WEEK - timedelta(days=1), "allocated_on": monday,
            "max_students": 20 + number % 60, "academic_year": monday.year, "trimester": 3,
            "status": OfferingStatus.ACTIVE,
        }
        for number in range(COURSES)
    ])  # fmt: skip
    _many(ActivityLog, [_log(course, number, week, teachers[number % TEACHERS])
                        for number, course in enumerate(courses) for week in range(1, WEEKS + 1)])  # fmt: skip
    db.session.execute(text(_ITEMS), {"now": clock.now().replace(tzinfo=None)})
    db.session.commit()
    db.session.execute(text("ANALYZE TABLE course_offerings, activity_trackers, activity_tracker_items, users")).all()
    db.session.commit()


def make_department_manager() -> Person:
    """Ten departments share the modules; gives a manager who answers for one of them."""
    departments = _many(Department, [{"code": f"BENCH{n}", "name": f"Department {n} of the bench"} for n in range(10)])
    db.session.execute(text(f"UPDATE modules SET department_id = {departments[0]} + MOD(id, 10)"))
    manager = make_manager()
    db.session.add(ManagerDepartment(manager_id=manager.profile_id, department_id=departments[0]))
    db.session.commit()
    return manager


def _log(course: int, number: int, week: int, teacher: int) -> dict[str, Any]:
    start = this_monday() + (week - 1 - _SO_FAR) * _WEEK
    due = datetime.combine(start + _WEEK, time(17), UTC)
    submitted = due - timedelta(days=2) if week <= _SO_FAR and (number + week) % 10 else None
    started = due - timedelta(days=3) if week <= _SO_FAR + 1 else None
    return {
        "allocation_id": course, "facilitator_id": teacher, "week_number": week, "week_start": start, "due_at": due,
        "started_at": started, "submitted_at": submitted, "notes": "", "done_count": 0,
    }  # fmt: skip


def _teachers() -> list[int]:
    users = _many(User, [
        {"email": f"bench-{number}@example.org", "first_name": "Teacher", "last_name": f"Number {number}",
         "name_folded": f"teacher number {number}", "role": Role.FACILITATOR, "is_confirmed": True}
        for number in range(TEACHERS)
    ])  # fmt: skip
    return _many(Facilitator, [{"user_id": user, "employee_id": f"BENCH{user}"} for user in users])


def _many(model: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Write rows of one table; gives the ids of all that are there, in order."""
    table: Table = model.__table__
    for begin in range(0, len(rows), 5_000):
        db.session.execute(insert(table), rows[begin : begin + 5_000])
    db.session.commit()
    return list(db.session.scalars(select(table.c.id).order_by(table.c.id)))[-len(rows) :]
