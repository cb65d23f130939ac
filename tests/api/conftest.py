"""What the tests of the API share."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.support.api import Program
from tests.support.letters import Sent, listening


@pytest.fixture
def program(app: Flask) -> Callable[..., Program]:
    """`program(person)` gives a client with that person's tokens, `program()` one without; `over=` another app."""
    return lambda person=None, over=None: Program(over or app, person)


@pytest.fixture
def sent() -> Iterator[Sent]:
    """The letters and notices that the portal announces during the test."""
    with listening() as sent:
        yield sent


@pytest.fixture
def offering(app: Flask) -> Iterator[Callable[[str], None]]:
    """Lets strangers register with these roles."""
    before = app.config["PORTAL"]

    def do(roles: str) -> None:
        app.config["PORTAL"] = before.model_copy(update={"registration_roles": roles})

    yield do
    app.config["PORTAL"] = before


@pytest.fixture
def teacher(make):
    """Whoever teaches `course`."""
    return make.facilitator()


@pytest.fixture
def course(make, teacher):
    """A course in its third week."""
    return make.offering(teacher)


@pytest.fixture
def week(make, course):
    """The log of the running week."""
    return make.log(course, 3)


@pytest.fixture
def asks(program, teacher):
    """A program with the token of who teaches the course."""
    return program(teacher)


@pytest.fixture
def taught(fresh_app, make_fresh):
    """Two courses, of which a student is on one."""
    teacher, student = make_fresh.facilitator(first_name="Zoë"), make_fresh.student()
    courses = [make_fresh.offering(teacher), make_fresh.offering(make_fresh.facilitator())]
    return teacher, student, courses
