from types import SimpleNamespace

import pytest


@pytest.fixture
def course(make):
    """A course with a facilitator, two students, and an open round of the seed's three questions."""
    facilitator = make.facilitator(first_name="Amara", last_name="Okafor")
    offering = make.offering(facilitator, title="Local Food Systems")
    students = [make.student(), make.student()]
    for student in students:
        make.enrolment(offering, student)
    return SimpleNamespace(
        offering=offering, facilitator=facilitator, students=students, student=students[0], round=make.round(offering)
    )


@pytest.fixture
def writing(client, course, sign_in):
    """The browser of a student of the course."""
    sign_in(client, course.student)
    return client
