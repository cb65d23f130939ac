"""The page of one person: what it tells, and what each of its buttons does."""

import re
from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.accounts.models import SignIn, SignInOutcome, User
from portal.accounts.services import deletion
from portal.accounts.services.tokens import Purpose, issue_token
from portal.audit.services import System, record
from portal.catalogue.models import Department
from portal.extensions import db
from portal.roles import Role
from tests.support.people import PASSWORD
from tests.support.web import session_of

pytestmark = pytest.mark.in_turn


@pytest.fixture
def admin(make: Any, client: Any, sign_in: Any) -> Any:
    person = make.admin(password=PASSWORD)
    sign_in(client, person)
    return person


def user(app: Any, person: Any) -> User:
    with app.app_context():
        found = db.session.get(User, person.user_id)
        assert found is not None
        return found


def post(client: Any, person: Any, deed: str, **data: str) -> str:
    """Press a button; gives the page that follows."""
    answer = client.post(f"/admin/users/{person.user_id}/{deed}", data=data)
    assert answer.status_code == 303
    return client.get(answer.headers["Location"]).text


def test_it_tells_who_someone_is_and_how_they_signed_in(app, client, admin, make):
    person = make.facilitator(first_name="Zoé", last_name="<b>O'Neill", profile={"department": "ENGI"})
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    with app.app_context():
        session_of(person)
        for outcome in SignInOutcome:
            db.session.add(
                SignIn(
                    user_id=person.user_id, address_key="k", outcome=outcome, user_agent=firefox, network_address="::1"
                )
            )
        db.session.commit()
    page = client.get(f"/admin/users/{person.user_id}").text
    for said in ("Zoé &lt;b&gt;O&#39;Neill", "ENGI", person.profile.employee_id, "Firefox on Linux", "Wrong password"):
        assert said in page
    assert "<b>O" not in page


def test_a_manager_sees_less(client, make, sign_in):
    sign_in(client, make.manager())
    page = client.get(f"/admin/users/{make.student().user_id}").text
    assert "Save" in page
    for said in ("Sign-in history", "Deactivate", "Change the role", "Delete for good"):
        assert said not in page
    assert "Save" not in client.get(f"/admin/users/{make.admin().user_id}").text.partition("<main")[2]


@pytest.mark.parametrize(
    "deed", ["role", "deactivation", "reactivation", "sessions/end", "teaching", "office", "anonymisation"]
)
def test_what_is_for_administrators_is_closed_to_managers(client, make, sign_in, deed):
    sign_in(client, make.manager())
    assert client.post(f"/admin/users/{make.student().user_id}/{deed}").status_code == 403


def test_the_role_is_changed(app, client, admin, make):
    person = make.student()
    assert "The role is changed" in post(client, person, "role", role="manager", seen="student")
    assert user(app, person).role is Role.MANAGER


def test_a_role_that_nobody_has_is_refused(app, client, admin, make):
    person = make.student()
    for data in ({"role": "dean", "seen": "student"}, {}, {"role": "manager", "seen": "x"}):
        assert client.post(f"/admin/users/{person.user_id}/role", data=data).status_code == 422
    assert user(app, person).role is Role.STUDENT


def test_ones_own_role_stays(app, client, admin, make):
    make.admin()
    said = post(client, admin, "role", role="manager", seen="admin")
    assert "Nobody changes their own role" in said
    assert "Nobody deactivates themselves" in post(client, admin, "deactivation")
    assert user(app, admin).role is Role.ADMIN
    assert user(app, admin).is_active


def test_someone_is_shut_out_and_let_in_again(app, client, admin, make):
    person = make.student(password=PASSWORD)
    assert "deactivated" in post(client, person, "deactivation")
    assert not user(app, person).is_active
    refused = app.test_client().post("/login", data={"email": person.email, "password": PASSWORD})
    assert refused.status_code == 422
    assert "active again" in post(client, person, "reactivation")
    assert app.test_client().post("/login", data={"email": person.email, "password": PASSWORD}).status_code == 303


def test_sessions_are_ended(app, client, admin, make, sign_in):
    person, other = make.student(), app.test_client()
    sign_in(other, person)
    assert other.get("/courses/").status_code == 200
    assert "All sessions have ended" in post(client, person, "sessions/end")
    assert other.get("/courses/").status_code == 303


def test_a_name_is_saved_and_a_wrong_one_told(app, client, admin, make):
    person, other = make.student(), make.student()
    assert "Saved" in post(client, person, "identification", first_name="Zoé", last_name="", email=person.email)
    assert "Nothing was different" in post(
        client, person, "identification", first_name="Zoé", last_name="", email=person.email
    )
    data = {"first_name": "Kept", "last_name": "", "email": other.email}
    answer = client.post(f"/admin/users/{person.user_id}/identification", data=data)
    assert answer.status_code == 409
    assert 'id="email-error"' in answer.text
    assert 'value="Kept"' in answer.text
    assert user(app, person).first_name == "Zoé"


def test_an_account_is_deleted_only_when_its_address_is_typed(app, client, admin, make):
    person = make.student(first_name="Zoé")
    assert "Nothing was deleted" in post(client, person, "anonymisation", email="other@example.org")
    assert user(app, person).anonymised_at is None
    assert "The account is deleted" in post(client, person, "anonymisation", email=f" {person.email.upper()}")
    assert user(app, person).anonymised_at is not None
    page = client.get(f"/admin/users/{person.user_id}").text
    assert "Zoé" not in page
    assert "Delete for good" not in page


def test_nobody_deletes_themselves_here(app, client, admin, make):
    make.admin()
    assert "Delete for good" not in client.get(f"/admin/users/{admin.user_id}").text
    assert "Ask for it on your profile" in post(client, admin, "anonymisation", email=admin.email)
    assert user(app, admin).anonymised_at is None


def test_the_wish_to_leave_is_shown(app, client, admin, make):
    person = make.student()
    with app.app_context():
        deletion.ask_for_deletion(person.user_id, System())
        db.session.commit()
    page = client.get(f"/admin/users/{person.user_id}").text
    assert "They asked for it on" in page
    assert "asked for deletion" in page


def test_a_manager_answers_for_what_is_ticked(app, client, admin, make):
    with app.app_context():
        rows = [Department(code=code, name=f"School of {code}") for code in ("ENGI", "MATH")]
        db.session.add_all(rows)
        db.session.commit()
        ids = [str(row.id) for row in rows]
    person = make.manager()
    assert "What they answer for" in client.get(f"/admin/users/{person.user_id}").text
    page = post(client, person, "office", departments=ids[1], is_head="y")
    assert re.findall(r'<input checked id="(?:departments-\d|is_head)"[^>]*value="(\w+)"', page) == [ids[1], "y"]
    page = post(client, person, "office")
    assert "<input checked" not in page.partition("What they answer for")[2].partition("</section>")[0]
    for wrong in ("4711", "x", "99999999999"):
        assert "Choose again" in post(client, person, "office", departments=wrong)
    assert "What they answer for" not in client.get(f"/admin/users/{make.student().user_id}").text


def test_another_address_seen_too_late_is_not_overwritten_and_what_was_typed_stays(app, client, admin, make):
    person = make.student(first_name="Zoé")
    page = client.get(f"/admin/users/{person.user_id}").text
    seen = re.search(r'name="seen"[^>]*value="([0-9a-f]{16})"', page)[1]
    data = {"first_name": "First", "last_name": "", "email": person.email, "seen": seen}
    assert "Saved" in post(client, person, "identification", **data)
    answer = client.post(f"/admin/users/{person.user_id}/identification", data=data | {"first_name": "Second"})
    assert answer.status_code == 409
    assert "meanwhile" in answer.text
    assert 'value="Second"' in answer.text
    assert user(app, person).first_name == "First"
    seen = re.search(r'name="seen"[^>]*value="([0-9a-f]{16})"', answer.text)[1]
    assert "Saved" in post(client, person, "identification", **data | {"first_name": "Second", "seen": seen})


def test_the_history_of_sign_ins_has_pages(app, client, admin, make):
    person = make.student()
    with app.app_context():
        for number in range(120):
            db.session.add(
                SignIn(
                    user_id=person.user_id,
                    address_key="k",
                    outcome=SignInOutcome.FAILED,
                    network_address=f"10.0.0.{number}",
                    created_at=clock.now() - timedelta(minutes=number),
                )
            )
        db.session.commit()
    address, seen = f"/admin/users/{person.user_id}", []
    while address:
        page = client.get(address).text
        seen += re.findall(r">10\.0\.0\.(\d+)<", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = found and found[1].replace("&amp;", "&").partition("#")[0]
    assert seen == [str(number) for number in range(120)]
    assert client.get(f"/admin/users/{person.user_id}?after=nonsense").status_code == 200


def test_changes_are_told_with_what_was_and_what_is(client, admin, make):
    person = make.student(first_name="Before")
    post(client, person, "identification", first_name="After", last_name="", email=person.email)
    page = post(client, person, "role", role="facilitator", seen="student")
    assert "<del>Before</del>" in page
    assert "<ins>After</ins>" in page
    assert "<del>Student</del>" in page
    assert "<ins>Facilitator</ins>" in page
    assert f"by {admin.full_name}" in page


@pytest.mark.parametrize("rows", [1, 12])
def test_the_page_costs_the_same_whatever_it_shows(app, client, admin, make, count_sql, rows):
    person = make.manager()
    with app.app_context():
        for _ in range(rows):
            session_of(person)
            issue_token(person.user_id, Purpose.INVITATION, "key")
            record(System(), "invite", "users", person.user_id)
            db.session.add(SignIn(user_id=person.user_id, address_key="k", outcome=SignInOutcome.FAILED))
        db.session.commit()
    with count_sql() as sql:
        client.get(f"/admin/users/{person.user_id}")
    # Who asks, the account, its invitations, state, changes, attempts and their number, sessions, its departments and
    # all there are, the bell.
    assert len(sql) == 11, sql.text


def test_a_manager_is_let_teach(client, admin, make):
    person = make.manager()
    assert "They can be allocated now" in post(client, person, "teaching", number="T-9")
    assert "Enter an employee id" in post(client, make.manager(), "teaching", number=" ")


@pytest.mark.parametrize("number", ["4711", "2147483647", "2147483648", "0"])
def test_an_unknown_person_is_not_found(client, admin, number):
    assert client.get(f"/admin/users/{number}").status_code == 404
    assert client.post(f"/admin/users/{number}/deactivation").status_code == 404
