"""The term three times over: its courses and their weekly logs again, one and two years earlier."""

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, insert, select, text
from sqlalchemy.orm import aliased

from portal.allocations.models import CourseOffering
from portal.bulk import in_chunks
from portal.extensions import db
from portal.tracker.models import ActivityLog

THIS_YEAR = 2026
EARLIER = (2025, 2024)
# The same weekdays a year earlier.
YEAR = timedelta(weeks=52)
COMBINATION = ("module_id", "class_id", "cohort_id", "mode_id", "trimester", "intake_period")


def three_times_over() -> None:
    """Write both earlier years, submitted an hour before each deadline, and have the planner look at the tables."""
    for year in EARLIER:
        _copy_courses(year)
        _copy_logs(year)
        db.session.commit()
    if db.engine.name == "mysql":
        db.session.execute(text("ANALYZE TABLE course_offerings, activity_trackers")).all()
    else:
        db.session.execute(text("ANALYZE"))
    db.session.commit()


def _copy_courses(year: int) -> None:
    table = CourseOffering.__table__
    kept = [column for column in table.c if column.key != "id"]
    ago = (THIS_YEAR - year) * YEAR
    for rows in in_chunks(db.session.execute(select(*kept).where(table.c.academic_year == THIS_YEAR)).mappings().all()):
        earlier = [
            dict(row)
            | {"academic_year": year, "start_date": row["start_date"] - ago, "end_date": row["end_date"] - ago}
            | {"allocated_on": row["allocated_on"] and row["allocated_on"] - ago}
            for row in rows
        ]
        db.session.execute(insert(table), earlier)


def _copy_logs(year: int) -> None:
    table = ActivityLog.__table__
    courses, ago = _earlier_courses(year), (THIS_YEAR - year) * YEAR
    kept = [column for column in table.c if column.key not in {"id", "submitted_at"}]
    wanted = select(*kept).where(table.c.allocation_id.in_(select(CourseOffering.id).where(_of(THIS_YEAR))))
    for rows in in_chunks(db.session.execute(wanted).mappings().all()):
        earlier = [
            dict(row)
            | {"allocation_id": courses[row["allocation_id"]], "week_start": row["week_start"] - ago}
            | {"due_at": row["due_at"] - ago, "submitted_at": row["due_at"] - ago - timedelta(hours=1)}
            for row in rows
        ]
        db.session.execute(insert(table), earlier)


def _of(year: int, courses: Any = CourseOffering) -> Any:
    return courses.academic_year == year


def _earlier_courses(year: int) -> dict[int, int]:
    """The course of an earlier year for each of this year's."""
    earlier = aliased(CourseOffering)
    same = [getattr(earlier, name) == getattr(CourseOffering, name) for name in COMBINATION]
    wanted = select(CourseOffering.id, earlier.id).join(earlier, and_(*same)).where(_of(THIS_YEAR), _of(year, earlier))
    return dict(db.session.execute(wanted).tuples().all())
