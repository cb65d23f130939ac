import pytest


@pytest.fixture
def teacher(make):
    return make.facilitator()


@pytest.fixture
def course(make, teacher):
    return make.offering(teacher, title="Algebra")


@pytest.fixture
def student(make):
    return make.student()


@pytest.fixture
def place(make, course, student):
    """The student's enrolment."""
    return make.enrolment(course, student)


@pytest.fixture
def staff(client, teacher, sign_in):
    """The browser of who teaches the course."""
    sign_in(client, teacher)
    return client


@pytest.fixture
def reader(app, student, place, sign_in):
    """The browser of who studies it."""
    client = app.test_client()
    sign_in(client, student)
    return client
