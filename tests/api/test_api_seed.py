"""The requests that the portal promises to answer as printed, in their order, over HTTP to two web processes."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.databases import Bank, build_app, dispose
from tests.support.people import make_admin, password_hash
from tests.support.portal_process import Answer, ask, going_on_from, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
# A Wednesday in the fifth week of the course that the requests are about.
MOMENT = datetime(2024, 2, 14, 12, 0, tzinfo=UTC)
ADMIN, PASSWORD = "admin@example.org", "seven quiet harbours"

# As printed, but for the password: that one is among the most common of all, and refused.
REGISTER = {
    "email": "user@example.com", "password": PASSWORD, "first_name": "John", "last_name": "Doe", "role": "facilitator",
    "specialization": "Web Development", "employee_id": "FAC001",
}  # fmt: skip
LOGIN = {"email": "user@example.com", "password": PASSWORD}
LIST = "/api/course-offerings?trimester=1&cohort_id=1&facilitator_id=2"
OFFERING = {
    "module_id": 1, "class_id": 1, "cohort_id": 1, "mode_id": 1, "facilitator_id": 2, "start_date": "2024-01-15",
    "end_date": "2024-04-15", "max_students": 30,
}  # fmt: skip
LOG = {
    "allocation_id": 1, "week_number": 5, "attendance": [True, True, False, True, True],
    "formative_one_grading": "Done", "formative_two_grading": "Pending", "summative_grading": "Not Started",
    "course_moderation": "Done", "intranet_sync": "Done", "grade_book_status": "Pending",
    "notes": "Good participation this week",
}  # fmt: skip
LOGS = "/api/activity-tracker?allocation_id=1&week_number=5&status=Pending"
WITHOUT_ALL = {"first_name": "John", "last_name": "Doe", "role": "student"}


class Portal:
    """The running portal as a program sees it, with the tokens that it was given."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.tokens = {"": ""}

    def __call__(self, method: str, path: str, body: object = None, *, by: str = "") -> Answer:
        return ask(self.port, method, path, body, token=self.tokens[by])

    def sign_in(self, name: str, email: str) -> Answer:
        """Sign somebody in, whom `by` calls by this name."""
        answer = self("POST", "/api/auth/login", {"email": email, "password": PASSWORD})
        self.tokens[name] = answer.json["token"]
        return answer


@pytest.fixture(scope="module")
def portal(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A new portal with an administrator, and what the requests name: a module, a class, a cohort, who teaches."""
    folder, database = tmp_path_factory.mktemp("portal"), bank.database("sqlite", "seed")
    app = build_app(database.url, folder)
    with app.app_context():
        make_admin(email=ADMIN, password_hash=password_hash(PASSWORD))
    dispose(app)
    with serving("wsgi:app", folder, workers=2, DATABASE_URL=database.url, **going_on_from(MOMENT)) as port:
        yield _furnished(Portal(port))


def _furnished(portal: Portal) -> Portal:
    assert portal.sign_in("admin", ADMIN).status == 200
    jane = {"email": "jane@example.com", "first_name": "Jane", "last_name": "Smith", "role": "facilitator"}
    for path, body in (
        ("/users", jane | {"password": PASSWORD}),
        ("/modules", {"code": "CS101", "name": "Introduction to Programming", "credits": 3}),
        ("/cohorts", {"code": "CS-2024", "name": "Computer Science 2024"}),
        ("/classes", {"name": "CS 1A", "year": 2024}),
    ):
        made = portal("POST", f"/api{path}", body, by="admin")
        assert made.status == 201, (path, made.text)
    return portal


def test_the_printed_requests_in_their_order(portal: Portal) -> None:
    _registers(portal)
    _signs_in(portal)
    assert (portal("GET", LIST, by="john").status, portal("GET", LIST, by="john").json) == (200, [])
    _makes_a_course(portal)
    _lists_it(portal)
    _submits_a_week(portal)
    _shows_every_write_at_once(portal)
    _refuses_in_words(portal)


def _registers(portal: Portal) -> None:
    common = portal("POST", "/api/auth/register", REGISTER | {"password": "password123"}, by="admin")
    assert (common.status, list(common.json["fields"])) == (400, ["password"])
    # Whoever teaches is entered by the office, unless REGISTRATION_ROLES opens that to everybody.
    assert portal("POST", "/api/auth/register", REGISTER).status == 403
    answer = portal("POST", "/api/auth/register", REGISTER, by="admin")
    assert answer.status == 201, answer.text
    body = answer.json
    assert body["message"]
    assert body["token"].startswith("eyJ")
    assert {name: body["user"][name] for name in ("email", "first_name", "last_name", "role", "is_active")} == {
        "email": "user@example.com", "first_name": "John", "last_name": "Doe", "role": "facilitator", "is_active": True,
    }  # fmt: skip
    assert type(body["user"]["id"]) is int
    assert "password" not in answer.text
    assert portal("POST", "/api/auth/register", REGISTER, by="admin").status == 409


def _signs_in(portal: Portal) -> None:
    answer = portal.sign_in("john", LOGIN["email"])
    assert answer.status == 200
    assert set(answer.json) >= {"message", "user", "token", "refresh_token", "expires_in"}
    assert portal("POST", "/api/auth/login", LOGIN | {"password": "password124"}).status == 401
    assert portal("GET", LIST).status == 401


def _makes_a_course(portal: Portal) -> None:
    assert portal("POST", "/api/course-offerings", OFFERING, by="john").status == 403
    answer = portal("POST", "/api/course-offerings", OFFERING, by="admin")
    assert answer.status == 201, answer.text
    assert answer.headers["location"].endswith("/api/course-offerings/1")
    assert portal("POST", "/api/course-offerings", OFFERING, by="admin").status == 409
    assert portal("GET", "/api/course-offerings/2", by="admin").status == 404


def _lists_it(portal: Portal) -> None:
    (course,) = portal("GET", LIST, by="john").json
    printed = {
        "id": 1, "start_date": "2024-01-15", "end_date": "2024-04-15", "max_students": 30, "is_active": True,
        "module": {"id": 1, "code": "CS101", "name": "Introduction to Programming", "credits": 3},
        "facilitator": {
            "id": 2, "user": {"first_name": "John", "last_name": "Doe", "email": "user@example.com"},
        },
    }  # fmt: skip
    assert {name: course[name] for name in printed} == printed
    assert portal("GET", LIST, by="admin").json == [course]


def _submits_a_week(portal: Portal) -> None:
    answer = portal("POST", "/api/activity-tracker", LOG, by="john")
    assert answer.status == 201, answer.text
    # Week 5 does not ask for the summative grading, so that it has not begun goes without saying.
    said = {name: value for name, value in LOG.items() if value != "Not Started"}
    assert {name: answer.json[name] for name in said} == said
    assert answer.json["state"] == "on_time"
    assert portal("POST", "/api/activity-tracker", LOG, by="john").status == 409
    assert portal("POST", "/api/activity-tracker", LOG | {"week_number": 50}, by="john").status == 400
    found = portal("GET", LOGS, by="john")
    assert (found.status, [log["id"] for log in found.json]) == (200, [answer.json["id"]])
    assert {name: found.json[0][name] for name in said} == said


def _shows_every_write_at_once(portal: Portal) -> None:
    """Two processes answer in turn, and each keeps answers: none of them may be older than a write before it."""
    # The term begins with the week in which somebody was allocated.
    one, week = "/api/course-offerings/1", "/api/activity-tracker/summary?week_number=1"
    for title in ("First", "Second"):
        assert portal("PATCH", one, {"title": title}, by="admin").status == 200
        for _ in range(4):
            assert portal("GET", one, by="admin").json["title"] == title
            assert portal("GET", LIST, by="admin").json[0]["title"] == title
    assert {portal("GET", week, by="admin").json["on_time"] for _ in range(4)} == {1}


def _refuses_in_words(portal: Portal) -> None:
    answer = portal("POST", "/api/auth/register", WITHOUT_ALL)
    assert (answer.status, answer.json["error"]) == (400, "Validation error")
    assert answer.json["details"] == ["Email is required", "Password is required"]
