"""What the tests of rosters share."""

import pytest

from portal import clock
from portal.allocations.models import CourseOffering
from portal.enrolments.models import Enrolment
from portal.enrolments.services import join_course
from portal.extensions import db
from portal.jobs.works import Owner
from tests.support.web import Maker


@pytest.fixture
def make_open(make: Maker):
    """Makes an open course that is published; `max_students` and other columns as keywords."""
    return lambda **fields: make.open_course(make.facilitator(), **fields)


@pytest.fixture
def roster(app):
    """`roster(course)`: students and statuses in the order of enrolments, and what the course counts."""

    def do(offering):
        with app.app_context():
            rows = db.session.query(Enrolment).filter_by(offering_id=offering.id).order_by(Enrolment.id).all()
            course = db.session.get_one(CourseOffering, offering.id, populate_existing=True)
            return [(row.student_id, row.status.value) for row in rows], (course.enrolled_count, course.waiting_count)

    return do


@pytest.fixture
def join(app):
    """A student enrols by themselves."""

    def do(course, student):
        with app.app_context():
            join_course(course.id, student.user_id, Owner(student.user_id, None), clock.now().date())
            db.session.commit()

    return do
