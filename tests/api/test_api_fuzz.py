"""A short run of schemathesis for each role; `python -m tests.support.fuzz` is the long one.

Each role sends examples, and what is drawn, to the operations that it is about.
"""

from functools import wraps

import pytest

from portal.web.access import public
from tests.support.api import bearer_of
from tests.support.fuzz import LEFT_OUT, WITHOUT_TOKEN

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]
ABOUT = {
    "admin": "^/(users|facilitators|auth)",
    "manager": "^/(course-offerings|modules|departments)",
    "facilitator": "^/(activity-tracker|lessons)",
    "student": "^/(reflections|notifications|course-offerings/.*/enrolments)",
}


def run(app, token, path_regex, *phases):
    """What a run finds, in words, and how many operations it tried."""
    import schemathesis  # takes half a second, and is asked for here only
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import Status, events, from_schema

    off = {name: {"enabled": False} for name in ("examples", "coverage", "fuzzing", "stateful")}
    config = SchemathesisConfig.from_dict(
        {
            # In one process nobody unpacks what is packed.
            "headers": {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"},
            # Who needs which token is tried by tests/api/test_api_access.py.
            "checks": {name: {"enabled": False} for name in (LEFT_OUT, "ignored_auth")},
            "generation": {"max-examples": 2, "database": "none"},
            # To look for words in all of the code takes longer than to ask, and hypothesis looks for them itself.
            "analysis": {"constants": {"enabled": False}},
            "phases": off | {name: {"enabled": True} for name in phases},
            "seed": 1,
        }
    )
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app, config=config)
    found, tried = [], 0
    asked = schema.include(path_regex=path_regex).exclude(path_regex=WITHOUT_TOKEN)
    for event in from_schema(asked).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.append(str(event.info if isinstance(event, events.NonFatalError) else event.exception))
        elif isinstance(event, events.ScenarioFinished) and event.status is not Status.SKIP:
            tried += 1
            checks = [one for of in event.recorder.checks.values() for one in of if one.failure_info]
            found += [f"{event.label}: {one.failure_info.failure}" for one in checks]
    return found, tried


def assert_each_answer_is_one_that_the_document_names(app, make, role):
    person = getattr(make, role)()
    course = make.offering(person if role == "facilitator" else make.facilitator())
    make.log(course, 2)
    if role == "student":
        make.enrolment(course, person)
    token = bearer_of(app, person)
    found, tried = run(app, token, ABOUT[role], "examples", "fuzzing")
    assert (found, tried > 3) == ([], True)


# Each is a test of its own, so that the four do not all fall to the same database.
@pytest.mark.in_turn
def test_an_administrator_is_answered_as_the_document_says(app, make):
    assert_each_answer_is_one_that_the_document_names(app, make, "admin")


@pytest.mark.in_turn
def test_a_manager_is_answered_as_the_document_says(app, make):
    assert_each_answer_is_one_that_the_document_names(app, make, "manager")


@pytest.mark.in_turn
def test_a_facilitator_is_answered_as_the_document_says(app, make):
    assert_each_answer_is_one_that_the_document_names(app, make, "facilitator")


@pytest.mark.in_turn
def test_a_student_is_answered_as_the_document_says(app, make):
    assert_each_answer_is_one_that_the_document_names(app, make, "student")


@pytest.mark.one_database
def test_the_run_sees_an_undocumented_status(app, monkeypatch):
    @public
    @wraps(app.view_functions["api.me"])
    def teapot():
        return "{}", 418, {"Content-Type": "application/json"}

    monkeypatch.setitem(app.view_functions, "api.me", teapot)
    found, tried = run(app, "none", "^/auth/me$", "fuzzing")
    assert tried
    assert "Undocumented" in "".join(found)
