"""Modules, courses, rosters and logs for tests. Each maker needs an application context and commits."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from portal import clock
from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.catalogue.calendar import Rules
from portal.catalogue.models import CalendarBreak, ClassGroup, Cohort, Department, Mode, Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.services import plan_logs
from tests.support.keeping import kept, together
from tests.support.people import Person

RULES = Rules(ZoneInfo("UTC"))
_numbers = count(1)
_WEEK = timedelta(days=7)
_MODE = select(Mode).where(Mode.name == bindparam("name"))


def make_department(**fields: Any) -> Department:
    """A department."""
    number = next(_numbers)
    return kept(Department(**({"code": f"D{number}", "name": f"Department {number}"} | fields)))


def make_module(**fields: Any) -> Module:
    """A module of the catalogue."""
    return kept(_module(**fields))


def make_study_class(**fields: Any) -> ClassGroup:
    """A class."""
    return kept(_study_class(**fields))


def make_cohort(**fields: Any) -> Cohort:
    """A cohort."""
    return kept(_cohort(**fields))


def make_mode(name: str = "In-person", **fields: Any) -> Mode:
    """The mode of this name, made if there is none."""
    return kept(_mode(name, **fields))


def _module(**fields: Any) -> Module:
    number = next(_numbers)
    return Module(**({"code": f"MOD {number}", "name": f"Module {number}", "credits": 10} | fields))


def _study_class(**fields: Any) -> ClassGroup:
    return ClassGroup(**({"name": f"Class {next(_numbers)}"} | fields))


def _cohort(**fields: Any) -> Cohort:
    number = next(_numbers)
    return Cohort(**({"code": f"C{number}", "name": f"Cohort {number}"} | fields))


def _mode(name: str = "In-person", **fields: Any) -> Mode:
    found = db.session.scalar(_MODE, {"name": name})
    return found or Mode(**({"name": name} | fields))


def make_break(start_date: date, end_date: date, name: str = "Break") -> CalendarBreak:
    """Days without teaching, both ends included."""
    return kept(CalendarBreak(name=name, start_date=start_date, end_date=end_date))


def make_offering(
    facilitator: Person | None = None, *, weeks: int = 12, weeks_ago: int = 2, **fields: Any
) -> CourseOffering:
    """An active course of whole weeks that began on the Monday `weeks_ago` weeks before this one.

    Its module, class, cohort and mode are made unless given by id. No log rows are planned: ask
    for them with `make_log`, or let the portal's own services plan.
    """
    monday = this_monday() - weeks_ago * _WEEK
    start = fields.pop("start_date", monday)
    end = fields.pop("end_date", start + weeks * _WEEK - timedelta(days=1))
    columns = {
        "start_date": start, "end_date": end, "academic_year": start.year, "trimester": 1,
        "status": OfferingStatus.ACTIVE,
        "facilitator_id": facilitator.profile_id if facilitator else None,
        "allocated_on": start if facilitator else None,
    } | fields  # fmt: skip
    news = {"module_id": _module, "class_id": _study_class, "cohort_id": _cohort, "mode_id": _mode}
    with together():
        made = {column: new() for column, new in news.items() if column not in columns}
        if made:
            kept(*made.values())
        return kept(CourseOffering(**columns, **{column: row.id for column, row in made.items()}))


def make_open_course(facilitator: Person, **fields: Any) -> CourseOffering:
    """An open course that is published and takes students."""
    columns = {
        "kind": OfferingKind.OPEN, "module_id": None, "class_id": None, "cohort_id": None,
        "mode_id": make_mode("Self-paced").id, "enrolment_policy": "open", "published_at": clock.now(),
        "title": "How to read a graph", "summary": "What lines and bars say.",
    }  # fmt: skip
    return make_offering(facilitator, **(columns | fields))


def make_enrolment(offering: CourseOffering, student: Person, **fields: Any) -> Enrolment:
    """A student on a course, counted in."""
    offering = db.session.get_one(CourseOffering, offering.id, populate_existing=True)
    status = fields.get("status", EnrolmentStatus.ACTIVE)
    offering.enrolled_count += status in (EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED)
    offering.waiting_count += status is EnrolmentStatus.WAITLISTED
    offering.queue_last += status is EnrolmentStatus.WAITLISTED
    return kept(Enrolment(offering_id=offering.id, student_id=student.profile_id, **fields))


def make_log(offering: CourseOffering, week: int = 1, **fields: Any) -> ActivityLog:
    """The log row of a week: due on the Monday after it at 17:00 UTC unless `due_at` is given."""
    start = offering.start_date - timedelta(days=offering.start_date.weekday()) + (week - 1) * _WEEK
    columns = {
        "allocation_id": offering.id, "facilitator_id": offering.facilitator_id, "week_number": week,
        "week_start": start,
        "due_at": datetime.combine(start + _WEEK, time(17), UTC),
    } | fields  # fmt: skip
    return kept(ActivityLog(**columns))


def make_logs(offering: CourseOffering, rules: Rules = RULES) -> list[ActivityLog]:
    """Every log that the portal itself plans for a course with a facilitator, by week."""
    plan_logs([offering.id], rules)
    db.session.commit()
    of_offering = ActivityLog.allocation_id == offering.id
    return list(db.session.scalars(select(ActivityLog).where(of_offering).order_by(ActivityLog.week_number)))


def this_monday() -> date:
    """The Monday of the current week in UTC."""
    today = clock.now().date()
    return today - timedelta(days=today.weekday())
