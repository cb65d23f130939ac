"""What a manager should see today: of each kind the first few, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Integer, Select, String, and_, func, literal, or_, select, true, union_all

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.filters import subjects_of
from portal.allocations.queries.naming import COURSE_NAME
from portal.allocations.queries.sorting import RUNNING
from portal.catalogue.models import Module
from portal.extensions import db
from portal.pulses import COURSES, PEOPLE, WEEKS, keep, kept, recall
from portal.scoping import present_scope
from portal.tracker.models import ActivityLog
from portal.tracker.queries.compliance import watched_courses
from portal.tracker.queries.rows import Moment
from portal.tracker.states import LogState, in_state

SHOWN = 3
WISH, MISSING, OVER, NOBODY = "wish", "missing", "over", "nobody"
_NOTHING = literal("", String)
_ZERO = literal(0, Integer)
_FIRST, _LAST = func.coalesce(User.first_name, ""), func.coalesce(User.last_name, "")


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to do. `id` is a course's (a log's for a wish, a facilitator's for a load); `first` and `last` are the
    weeks, or load and limit; `total` is how many there are of its kind.
    """

    kind: str
    id: int
    course: str
    code: str
    person: str
    first: int
    last: int
    total: int


def list_needs(courses: OfferingFilter, last_weeks: Sequence[date], moment: Moment) -> Sequence[Need]:
    """Wishes to reopen, courses that miss both of the `last_weeks`, loads over the limit, courses without anybody.

    One statement at most: what weeks say is kept for the minute, while no week changes, the rest while no course does.
    """
    conditions = watched_courses(courses)
    subjects = (COURSES, PEOPLE, *subjects_of(courses))
    key = (courses, tuple(last_weeks), moment.now.replace(second=0, microsecond=0))

    def of_weeks() -> list[Select[Any]]:
        missing = [_missing(conditions, last_weeks, moment)] if len(last_weeks) > 1 else []
        return [_wishes(conditions), *missing]

    standing = recall("needs of courses", courses, *subjects)
    if standing is not None:
        return [*kept("needs of weeks", key, lambda: _read_needs(of_weeks()), *subjects, WEEKS), *standing]
    found = _read_needs([*of_weeks(), _over(courses, conditions), _nobody(conditions)])
    keep("needs of courses", courses, [need for need in found if need.kind in {OVER, NOBODY}], *subjects)
    keep("needs of weeks", key, [need for need in found if need.kind not in {OVER, NOBODY}], *subjects, WEEKS)
    return found


def _read_needs(parts: Sequence[Select[Any]]) -> Sequence[Need]:
    limited = [select(part.limit(SHOWN).subquery()) for part in parts]
    rows = db.session.execute(union_all(*limited)).all()
    return [Need(row[0], row[1], row[2], row[3], f"{row[4]} {row[5]}".strip(), *row[6:]) for row in rows]


def _wishes(conditions: Sequence[Any]) -> Select[Any]:
    wanted = _part(WISH, ActivityLog.id, ActivityLog.week_number, ActivityLog.week_number).select_from(ActivityLog)
    wanted = wanted.join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
    wanted = _with_names(wanted, Facilitator.id == ActivityLog.facilitator_id)
    wanted = wanted.where(ActivityLog.reopen_asked_at.is_not(None), *conditions)
    return wanted.order_by(ActivityLog.reopen_asked_at, ActivityLog.id)


def _missing(conditions: Sequence[Any], weeks: Sequence[date], moment: Moment) -> Select[Any]:
    # Only the few that are shown are given their names: there may be thousands.
    found = (
        select(
            ActivityLog.allocation_id,
            func.min(ActivityLog.week_number).label("first"),
            func.max(ActivityLog.week_number).label("last"),
            func.count().over().label("total"),
        )
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(ActivityLog.week_start.in_(weeks), in_state(LogState.MISSING, moment.now, moment.today), *conditions)
        .group_by(ActivityLog.allocation_id)
        .having(func.count() == len(weeks))
        .order_by(ActivityLog.allocation_id)
        .limit(SHOWN)
        .subquery("twice")
    )
    wanted = _part(MISSING, CourseOffering.id, found.c.first, found.c.last, found.c.total).select_from(found)
    wanted = wanted.join(CourseOffering, CourseOffering.id == found.c.allocation_id)
    wanted = _with_names(wanted, Facilitator.id == CourseOffering.facilitator_id)
    return wanted.order_by(found.c.allocation_id)


def _over(courses: OfferingFilter, conditions: Sequence[Any]) -> Select[Any]:
    load = _loads(courses, conditions).subquery("loads")
    return (
        select(
            literal(OVER, String), Facilitator.id, _NOTHING, _NOTHING, _FIRST, _LAST,
            load.c.load, Facilitator.max_course_load, func.count().over(),
        )
        .select_from(load)
        .join(Facilitator, and_(Facilitator.id == load.c.facilitator_id, load.c.load > Facilitator.max_course_load))
        .join(User, User.id == Facilitator.user_id)
        .order_by((load.c.load - Facilitator.max_course_load).desc(), Facilitator.id)
    )  # fmt: skip


def _loads(courses: OfferingFilter, conditions: Sequence[Any]) -> Select[*tuple[Any, ...]]:
    """What those who teach one of the courses have in the terms of the filter: a whole load, as everywhere."""
    teaching = (CourseOffering.facilitator_id.is_not(None), CourseOffering.status.in_(RUNNING), *conditions)
    if present_scope() is None and courses == OfferingFilter(terms=courses.terms):
        found = select(CourseOffering.facilitator_id, func.count().label("load")).where(*teaching)
        return found.group_by(CourseOffering.facilitator_id)
    # The table itself: the courses of every department count.
    every = CourseOffering.__table__.alias("every_course")
    in_terms = [and_(every.c.academic_year == year, every.c.trimester == third) for year, third in courses.terms]
    return (
        select(every.c.facilitator_id, func.count().label("load"))
        .where(
            every.c.facilitator_id.in_(select(CourseOffering.facilitator_id).where(*teaching)),
            every.c.status.in_(RUNNING),
            every.c.kind == OfferingKind.COHORT,
            or_(*in_terms) if in_terms else true(),
        )
        .group_by(every.c.facilitator_id)
    )


def _nobody(conditions: Sequence[Any]) -> Select[Any]:
    wanted = _part(NOBODY, CourseOffering.id, _ZERO, _ZERO).select_from(CourseOffering)
    wanted = _with_names(wanted, Facilitator.id == CourseOffering.facilitator_id)
    wanted = wanted.where(CourseOffering.facilitator_id.is_(None), CourseOffering.status.in_(RUNNING), *conditions)
    return wanted.order_by(CourseOffering.start_date, CourseOffering.id)


def _part(kind: str, row_id: Any, first: Any, last: Any, total: Any = None) -> Select[Any]:
    code, all_of_them = func.coalesce(Module.code, ""), func.count().over() if total is None else total
    return select(literal(kind, String), row_id, COURSE_NAME, code, _FIRST, _LAST, first, last, all_of_them)


def _with_names(wanted: Select[Any], facilitator: Any) -> Select[Any]:
    return (
        wanted.outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(Facilitator, facilitator)
        .outerjoin(User, User.id == Facilitator.user_id)
    )
