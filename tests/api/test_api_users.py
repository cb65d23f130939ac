"""Accounts by the API: administrators change, managers read, nobody else sees them."""

import re
import threading

import pytest
from sqlalchemy import select

from portal.accounts.models import Facilitator, User
from portal.audit.models import AuditEvent
from portal.extensions import db
from tests.support.letters import CHOSEN
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

NEW = {"email": "new@example.org", "first_name": "Ada", "last_name": "Byron", "role": "facilitator"}


@pytest.fixture
def admin(app, make, program):
    return program(make.admin())


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns).order_by(User.id)).all()


def test_an_account_looks_like_this(app, make, program, frozen_time):
    person = make.student(title="Dr", locale="fr", time_zone="Africa/Kigali")
    answer = program(make.manager())("GET", f"/users/{person.user_id}")
    assert answer.status_code == 200
    assert answer.json == {
        "id": person.user_id,
        "email": person.email,
        "first_name": person.user.first_name,
        "last_name": person.user.last_name,
        "role": "student",
        "is_active": True,
        "is_confirmed": True,
        "title": "Dr",
        "locale": "fr",
        "time_zone": "Africa/Kigali",
        "last_login_at": None,
        "created_at": "2026-10-14T12:00:00Z",
    }
    assert list(answer.json)[:2] == ["id", "email"]


# --- lists


def links(answer):
    return {rel: page for page, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"])}


def test_a_list_is_a_bare_array_with_its_total_and_its_neighbours_in_the_headers(app, make, program):
    people = [make.student() for _ in range(11)]
    asks = program(make.manager())
    answer = asks("GET", "/users?limit=5&page=2&role=student")
    assert [user["id"] for user in answer.json] == [person.user_id for person in people[5:10]]
    assert answer.headers["X-Total-Count"] == "11"
    found = links(answer)
    assert set(found) == {"first", "prev", "next", "last"}
    assert found["next"] == "http://localhost/api/users?limit=5&page=3&role=student"
    assert len(asks("GET", found["next"].removeprefix("http://localhost/api")).json) == 1
    assert "next" not in links(asks("GET", "/users?limit=5&page=3&role=student"))
    beyond = asks("GET", "/users?page=1000000")
    assert (beyond.status_code, beyond.json, set(links(beyond))) == (200, [], {"first", "last"})
    assert len(asks("GET", "/users").json) == 12


def test_a_page_has_twenty_unless_more_or_fewer_are_wanted(app, make, program):
    for _ in range(21):
        make.student()
    asks = program(make.manager())
    assert len(asks("GET", "/users").json) == 20
    assert len(asks("GET", "/users?limit=100").json) == 22
    assert len(asks("GET", "/users?limit=1").json) == 1


@pytest.mark.parametrize("rows", [1, 12])
def test_a_list_takes_three_statements_however_long_it_is(app, make, program, count_sql, rows):
    asks = program(make.manager())
    for _ in range(rows):
        make.facilitator()
    with count_sql() as sql:
        assert asks("GET", "/users?q=e&role=facilitator&is_active=true&sort=-name").status_code == 200
    assert len(sql) == 3, sql.text


@pytest.mark.parametrize("sort", ["id", "email", "name", "created_at"])
def test_a_list_is_sorted_either_way(app, make, program, sort):
    for first, last in (("Ada", "Zulu"), ("Élodie", "Abada"), ("Bob", "Émile"), ("Zoë", "abada")):
        make.student(first_name=first, last_name=last)
    asks = program(make.manager(first_name="M", last_name="Middle"))
    up, down = (asks("GET", f"/users?sort={way}{sort}").json for way in ("", "-"))
    assert up == down[::-1]
    if sort == "name":
        assert [user["last_name"] for user in up] == ["Abada", "abada", "Émile", "Middle", "Zulu"]


def test_a_list_is_narrowed(app, make, program):
    ada = make.student(first_name="Ada", last_name="Byron-Émile")
    make.student(first_name="Bob", last_name="Stone", is_active=False)
    asks = program(make.manager(first_name="M", last_name="M"))

    def ids(query):
        return [user["id"] for user in asks("GET", f"/users?{query}").json]

    assert ids("q=emile ada") == [ada.user_id]
    assert ids(f"q={ada.email.upper()}") == [ada.user_id]
    assert ids("q=%25") == []
    assert ids("q=_") == []
    assert len(ids("is_active=false")) == 1
    assert ids("is_active=true&role=student") == [ada.user_id]


def test_deleted_accounts_are_in_no_list_and_at_no_address(app, make, program):
    gone = make.student(is_active=False)
    with app.app_context():
        db.session.get(User, gone.user_id).anonymised_at = db.session.get(User, gone.user_id).created_at
        db.session.commit()
    asks = program(make.admin())
    assert gone.user_id not in [user["id"] for user in asks("GET", "/users").json]
    for method in ("GET", "PATCH", "DELETE"):
        assert asks(method, f"/users/{gone.user_id}", {}).status_code == 404


# --- changes


def test_an_administrator_makes_an_account_with_a_password(app, admin, program, sent):
    answer = admin("POST", "/users", {**NEW, "password": CHOSEN, "employee_id": "FAC001", "specialization": "Logic"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/api/users/{answer.json['id']}"
    assert admin("GET", f"/users/{answer.json['id']}").json == answer.json
    assert program()("POST", "/auth/login", {"email": NEW["email"], "password": CHOSEN}).status_code == 200
    assert sent.letters == []
    with app.app_context():
        assert db.session.execute(select(Facilitator.employee_id, Facilitator.specialization)).all() == [
            ("FAC001", "Logic")
        ]


def test_without_a_password_an_invitation_is_sent(admin, sent):
    answer = admin("POST", "/users", NEW)
    assert answer.status_code == 201
    assert sent.purposes() == [(answer.json["id"], "invitation")]


@pytest.mark.parametrize("changed", [{}, {"password": CHOSEN}])
def test_a_known_address_is_a_conflict(admin, make, changed):
    known = make.student()
    answer = admin("POST", "/users", {**NEW, **changed, "email": known.email.upper()})
    assert answer.status_code == 409
    assert list(answer.json["fields"]) == ["email"]


@pytest.mark.parametrize(
    "slipped", ["is_active", "is_confirmed", "id", "password_hash", "session_epoch", "anonymised_at", "created_at"]
)
def test_no_member_is_slipped_in(app, admin, make, slipped):
    person = make.student()
    before = admin("GET", f"/users/{person.user_id}").json
    assert list(admin("POST", "/users", {**NEW, slipped: 1}).json["fields"]) == [slipped]
    if slipped != "is_active":
        answer = admin("PATCH", f"/users/{person.user_id}", {"last_name": "X", slipped: 1})
        assert (answer.status_code, list(answer.json["fields"])) == (400, [slipped])
    assert admin("GET", f"/users/{person.user_id}").json == before


def test_an_account_is_changed_in_one_go(app, admin, make, program):
    person = make.student(password=PASSWORD)
    theirs = program(person)
    wanted = {"email": "Other@example.org", "first_name": "Zoë", "role": "facilitator"}
    answer = admin("PATCH", f"/users/{person.user_id}", wanted)
    assert answer.status_code == 200
    assert {name: answer.json[name] for name in wanted} == wanted | {"email": "other@example.org"}
    assert answer.json["last_name"] == person.user.last_name
    assert theirs("GET", "/auth/me").status_code == 401
    with app.app_context():
        actions = list(db.session.scalars(select(AuditEvent.action).where(AuditEvent.entity == "users")))
    assert actions[-2:] == ["update", "change_role"]


def test_of_several_changes_all_are_made_or_none(admin, make):
    person, other = make.student(), make.student()
    before = admin("GET", f"/users/{person.user_id}").json
    answer = admin("PATCH", f"/users/{person.user_id}", {"first_name": "X", "email": other.email, "role": "manager"})
    assert answer.status_code == 409
    assert list(answer.json["fields"]) == ["email"]
    assert admin("GET", f"/users/{person.user_id}").json == before


@pytest.mark.parametrize("field", ["email", "first_name", "last_name", "role", "is_active"])
def test_nothing_can_be_emptied(admin, make, field):
    answer = admin("PATCH", f"/users/{make.student().user_id}", {field: None})
    assert (answer.status_code, list(answer.json["fields"])) == (400, [field])
    assert answer.json["details"][0].endswith("cannot be empty")


@pytest.mark.parametrize("value", ["true", 1, 0, "no"])
def test_a_truth_is_no_text_and_no_number(admin, make, value):
    assert admin("PATCH", f"/users/{make.student().user_id}", {"is_active": value}).status_code == 400


def test_deleting_deactivates_and_may_be_repeated(app, admin, make, program):
    person = make.student(password=PASSWORD)
    theirs = program(person)
    for _ in range(2):
        answer = admin("DELETE", f"/users/{person.user_id}")
        assert (answer.status_code, answer.data) == (204, b"")
        assert "Content-Type" not in answer.headers
    assert theirs("GET", "/auth/me").status_code == 401
    assert admin("GET", f"/users/{person.user_id}").json["is_active"] is False
    assert admin("PATCH", f"/users/{person.user_id}", {"is_active": True}).json["is_active"] is True
    assert admin("DELETE", "/users/999").status_code == 404


def test_nobody_changes_their_own_role_or_shuts_themselves_out(app, make, program):
    person = make.admin()
    make.admin()
    asks = program(person)
    assert asks("PATCH", f"/users/{person.user_id}", {"role": "student"}).status_code == 403
    assert asks("PATCH", f"/users/{person.user_id}", {"is_active": False}).status_code == 403
    assert asks("DELETE", f"/users/{person.user_id}").status_code == 403
    assert asks("GET", "/auth/me").json["role"] == "admin"


def test_of_two_administrators_who_remove_each_other_at_once_one_stays(fresh_app, make_fresh, program):
    one, two = make_fresh.admin(), make_fresh.admin()
    programs = [(program(one, fresh_app), two), (program(two, fresh_app), one)]
    barrier, answers = threading.Barrier(2), []

    def send(asks, other):
        barrier.wait(10)
        answers.append(asks("DELETE", f"/users/{other.user_id}").status_code)

    threads = [threading.Thread(target=send, args=pair) for pair in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers.count(204) == 1, answers
    assert sum(active for (active,) in read(fresh_app, User.is_active)) == 1


@pytest.mark.parametrize("role", ["manager", "facilitator", "student"])
def test_only_administrators_change_and_only_they_and_managers_read(app, make, program, role):
    asks = program(getattr(make, role)())
    person = make.student()
    seen = 200 if role == "manager" else 403
    assert asks("GET", "/users").status_code == seen
    assert asks("GET", f"/users/{person.user_id}").status_code == seen
    assert asks("GET", "/users/999").status_code == (404 if role == "manager" else 403)
    for method, path in (
        ("POST", "/users"),
        ("PATCH", f"/users/{person.user_id}"),
        ("DELETE", f"/users/{person.user_id}"),
    ):
        answer = asks(method, path, {"role": "admin"})
        assert answer.status_code == 403
        assert answer.json["error"] == "Not allowed"
    assert read(app, User.role).count(("admin",)) == 0
