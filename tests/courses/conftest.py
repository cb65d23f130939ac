"""What the tests of the pages of courses share."""

import pytest

from portal.allocations.models import CourseOffering
from portal.extensions import db


@pytest.fixture
def teacher(make):
    return make.facilitator(first_name="नूर", last_name="Al-Rashid")


@pytest.fixture
def course(make, teacher):
    """An open course that is published."""
    return make.open_course(teacher, max_students=2)


@pytest.fixture
def as_(client, sign_in):
    """`as_(person)`: the browser of that person."""

    def do(person):
        sign_in(client, person)
        return client

    return do


@pytest.fixture
def stored(app):
    """A course as it stands in the database."""

    def do(course_or_id):
        with app.app_context():
            row_id = course_or_id if isinstance(course_or_id, int) else course_or_id.id
            return db.session.get_one(CourseOffering, row_id, populate_existing=True)

    return do
