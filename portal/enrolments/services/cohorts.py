"""Enrolling a cohort on a course that is for it."""

from collections.abc import Sequence

from sqlalchemy import select

from portal.allocations.models import CourseOffering
from portal.audit.services import Actor
from portal.bulk import in_chunks
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.queries.rosters import SISTER, is_sister, missing_from
from portal.enrolments.services.joining import Joined, Source, enrol_students, withdraw_students
from portal.extensions import db


def enrol_cohort(offering_id: int, by: Actor) -> Joined:
    """Enrol the students of a course's cohort by name; for whom there is no place waits.

    Whoever takes the same module in another class of the term is left there; who only waits there and gets a place
    here waits no longer. Raises NotFound, and Conflict for a course that takes nobody.
    """
    joined = enrol_students(offering_id, db.session.scalars(missing_from(offering_id)).all(), Source.COHORT, by)
    _stop_waiting(offering_id, joined.enrolled, by)
    return joined


def _stop_waiting(offering_id: int, student_ids: Sequence[int], by: Actor) -> None:
    waiting: dict[int, list[int]] = {}
    for part in in_chunks(student_ids):
        rows = db.session.execute(
            select(Enrolment.offering_id, Enrolment.student_id)
            .join(SISTER, SISTER.id == Enrolment.offering_id)
            .join(CourseOffering, CourseOffering.id == offering_id)
            .where(Enrolment.status == EnrolmentStatus.WAITLISTED, Enrolment.student_id.in_(part), *is_sister())
        )
        for sister_id, student_id in rows:
            waiting.setdefault(sister_id, []).append(student_id)
    for sister_id in sorted(waiting):
        withdraw_students(sister_id, waiting[sister_id], by)
