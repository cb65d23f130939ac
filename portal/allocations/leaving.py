"""What becomes of course offerings when the account of someone who taught them is deleted."""

import json
from typing import Any

from sqlalchemy import String, and_, cast, or_

from portal.accounts import objections, personal_data
from portal.accounts.signals import Former, person_left
from portal.allocations.models import CourseOffering
from portal.allocations.queries import personal
from portal.allocations.queries.personal import count_courses_ahead, list_courses_taught
from portal.audit.models import AuditEvent
from portal.audit.redaction import replacing, rewrite_changes
from portal.catalogue.personal_data import find_cohort_of, list_departments_of
from portal.errors import lazy_plural


def init_leaving() -> None:
    """Register what is read, what is asked and what is done."""
    personal_data.register("cohort", find_cohort_of)
    personal_data.register("departments", list_departments_of)
    personal_data.register("courses_taught", list_courses_taught)
    personal_data.register("saved_views", personal.list_saved_views)
    personal_data.register("bulk_changes", personal.list_bulk_changes)
    personal_data.register("workload_formulas", personal.list_formulas_set)
    personal_data.register("workloads_set", personal.list_workloads_set)
    objections.register("courses", _still_teaches)
    person_left.connect(_forget)


def _still_teaches(user_id: int) -> Any | None:
    count = count_courses_ahead(user_id)
    if not count:
        return None
    return lazy_plural(
        "%(num)s course that is planned or under way is allocated to this person. Allocate it to someone else first.",
        "%(num)s courses that are planned or under way are allocated to this person. "
        "Allocate them to someone else first.",
        count,
    )


def _forget(_sender: object, former: Former) -> None:
    """The history of courses names who taught them by employee id where a file said so."""
    if former.employee_id is None:
        return
    # As it is, and as JSON writes letters beyond ASCII: databases keep the one or the other.
    spellings = (former.employee_id, json.dumps(former.employee_id)[1:-1])
    text = cast(AuditEvent.changes, String)
    names_them = or_(*(text.contains(one, autoescape=True) for one in spellings))
    rewrite_changes(
        and_(AuditEvent.entity == CourseOffering.__tablename__, names_them),
        replacing("facilitator_employee_id", former.employee_id, former.number),
    )
