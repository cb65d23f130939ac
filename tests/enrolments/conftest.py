"""What the tests of rosters share."""

import pytest

from portal import clock
from portal.allocations.models import CourseOffering, OfferingKind
from portal.enrolments.models import Enrolment
from portal.extensions import db
from tests.support.web import Maker

OPEN = {"kind": OfferingKind.OPEN, "module_id": None, "class_id": None, "cohort_id": None, "enrolment_policy": "open",
        "title": "How to read a graph", "summary": "What lines and bars say."}  # fmt: skip


@pytest.fixture
def make_open(make: Maker):
    """Makes an open course that is published; `max_students` and other columns as keywords."""

    def do(facilitator=None, **fields):
        teacher = facilitator or make.facilitator()
        mode = make.mode("Self-paced")
        return make.offering(teacher, mode_id=mode.id, **(OPEN | {"published_at": clock.now()} | fields))

    return do


@pytest.fixture
def roster(app):
    """`roster(course)`: students and statuses in the order of enrolments, and what the course counts."""

    def do(offering):
        with app.app_context():
            rows = db.session.query(Enrolment).filter_by(offering_id=offering.id).order_by(Enrolment.id).all()
            course = db.session.get_one(CourseOffering, offering.id, populate_existing=True)
            return [(row.student_id, row.status.value) for row in rows], (course.enrolled_count, course.waiting_count)

    return do
