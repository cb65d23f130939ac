"""The document with all that the portal keeps of a person: nothing is forgotten in it, and no secret is in it."""

import json
import re

import pytest
from sqlalchemy import insert

from portal import clock
from portal.accounts import personal_data
from portal.accounts.models import ApiToken, Identity, SignIn
from portal.accounts.services import Purpose
from portal.accounts.services.profile import ProfileDraft, save_profile
from portal.accounts.services.tokens import issue_token
from portal.audit.services import record
from portal.extensions import db
from portal.notifications.models import Notification
from portal.web.access import Actor
from tests.support.people import PASSWORD, add_facilitator_profile

pytestmark = pytest.mark.in_turn

# Tables whose rows are somebody's. What points to one of them is about a person.
PEOPLE = {"users", "students", "facilitators", "managers", "enrolments"}
# Columns that point to a person and are left out of the document, each with the reason.
LEFT_OUT: dict[str, str] = {"kept_answers.user_id": "copies of what the API answered them, kept for a day"}


def columns_about_people():
    return sorted(
        {
            f"{table.name}.{key.parent.name}"
            for table in db.metadata.sorted_tables
            for key in table.foreign_keys
            if key.column.table.name in PEOPLE
        }
    )


@pytest.fixture
def document(client):
    def fetch():
        answer = client.get("/profile/data.json")
        assert answer.status_code == 200
        return answer.json

    return fetch


def unread_columns(count_sql):
    """Columns that point to a person and stand in no statement of the document."""
    with count_sql() as sql:
        personal_data.gather(1)
    return {column for column in columns_about_people() if not re.search(rf"\b{re.escape(column)}\b", sql.text)}


def test_every_column_that_points_to_a_person_is_read_or_left_out_with_a_reason(app, count_sql):
    with app.app_context():
        unread = unread_columns(count_sql)
    assert unread == LEFT_OUT.keys(), "register a reader (portal/accounts/personal_data.py), or say here why not"


def test_a_forgotten_column_is_found(app, count_sql, monkeypatch):
    without = {name: read for name, read in personal_data._sections.items() if name != "imports"}
    monkeypatch.setattr(personal_data, "_sections", without)
    with app.app_context():
        assert unread_columns(count_sql) - LEFT_OUT.keys() == {"import_runs.started_by"}


def test_the_walk_finds_what_points_to_people(app):
    assert {"notifications.recipient_id", "audit_events.actor_id", "attendance.enrolment_id"} <= set(
        columns_about_people()
    )


def test_every_section_is_described(app):
    for section in personal_data.list_sections():
        assert re.search(rf"\b{section}\b", personal_data.__doc__), section


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get("/profile/data").status_code == 303
    assert client.get("/profile/data.json").status_code == 303


def test_it_is_a_file_that_no_cache_keeps(frozen_time, client, make, sign_in):
    sign_in(client, make.student())
    answer = client.get("/profile/data.json")
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data-2026-10-14.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["format"] == "teaching-portal-personal-data-1"
    assert answer.json["made_at"] == "2026-10-14T12:00:00Z"


@pytest.mark.every_database
def test_it_holds_what_is_known_of_the_person_and_of_nobody_else(app, client, make, sign_in, document):
    ada = make.student(first_name="Zoë", bio="Lines 🙂", title="Dr")
    other = make.student(first_name="Benedict", email="benedict@example.org")
    with app.app_context():
        for person in (ada, other):
            shown = ProfileDraft(person.user.first_name, "", "", "", "en", "")
            wanted = ProfileDraft(person.user.first_name, "", f"Title {person.user_id}", "", "en", "")
            save_profile(person.user_id, shown, wanted, Actor(person.user_id, None))
            identity = {"issuer": "https://i", "subject": person.email, "email": person.email}
            db.session.add(Identity(user_id=person.user_id, **identity))
            db.session.add(
                Notification(
                    recipient_id=person.user_id, kind="x", params={"told": person.user_id}, dedupe_key=person.email
                )
            )
        record(Actor(ada.user_id, None), "update", "users", other.user_id, email=("secret-old", "benedict@example.org"))
        record(Actor(other.user_id, None), "update", "students", ada.profile_id, status=("active", "left"))
        db.session.commit()
    sign_in(client, ada)
    found = document()
    assert found["account"]["first_name"] == "Zoë"
    assert found["account"]["bio"] == "Lines 🙂"
    assert found["student"]["student_number"] == ada.profile.student_number
    assert (found["facilitator"], found["manager"]) == (None, None)
    assert found["identities"][0]["email"] == ada.email
    assert found["notifications"][0]["params"] == {"told": ada.user_id}
    assert [(one["action"], one["by_themselves"]) for one in found["changes_of_account"]] == [
        ("update", True), ("update", False),
    ]  # fmt: skip
    deeds = [(one["entity"], one["entity_id"], one["changes"]) for one in found["deeds"]]
    assert ("users", other.user_id, ["email"]) in deeds
    assert found["sessions"]
    text = json.dumps(found, ensure_ascii=False)
    assert "Benedict" not in text
    assert "benedict@example.org" not in text


def test_it_holds_courses_and_weekly_logs(app, client, make, sign_in, document):
    facilitator = make.facilitator()
    student = make.student()
    offering = make.offering(facilitator=facilitator, title="Algebra")
    make.log(offering, notes="A quiet week", submitted_by=facilitator.user_id, submitted_at=clock.now())
    make.enrolment(offering, student)
    sign_in(client, facilitator)
    found = document()
    assert [one["course"] for one in found["courses_taught"]] == ["Algebra"]
    assert found["facilitator"]["fte"] == 1
    assert [(one["course"], one["notes"]) for one in found["weekly_logs"]] == [("Algebra", "A quiet week")]
    assert len(found["weekly_logs_submitted"]) == 1
    assert found["enrolments"] == []
    sign_in(client, student)
    found = document()
    assert [(one["course"], one["status"]) for one in found["enrolments"]] == [("Algebra", "active")]
    assert found["weekly_logs"] == found["courses_taught"] == []


def test_no_hash_and_no_secret_is_in_it(app, client, make, sign_in):
    person = make.student(password=PASSWORD)
    with app.app_context():
        issued = issue_token(person.user_id, Purpose.RESET, app.config["SECRET_KEY"])
        db.session.add(ApiToken(user_id=person.user_id, token_hash="f" * 64, name="Mine", scopes=["read"]))
        db.session.add(SignIn(user_id=person.user_id, address_key="a" * 64, outcome="failed"))
        db.session.commit()
    sign_in(client, person)
    text = client.get("/profile/data.json").text
    assert '"Mine"' in text
    for secret in (issued.token, "f" * 64, "a" * 64, "$2b$", person.user.password_hash):
        assert secret not in text
    assert not re.search(r"[0-9a-f]{32}", text), "a hash or a nonce"
    assert not re.search(r'"\w*(hash|nonce|epoch|key)\w*":', text)


def test_who_manages_and_teaches_has_both_profiles(app, client, make, sign_in, document):
    person = make.manager()
    with app.app_context():
        add_facilitator_profile(person)
    sign_in(client, person)
    found = document()
    assert found["manager"]["employee_id"] == person.profile.employee_id
    assert found["facilitator"]["employee_id"] == f"F{person.user_id:05}"
    assert found["departments"] == []


def fill(person, count):
    now = clock.now()
    db.session.execute(
        insert(Notification),
        [
            {
                "recipient_id": person.user_id, "kind": "x", "params": {"week": number}, "created_at": now,
                "dedupe_key": f"{person.user_id}:{number}", "updated_at": now,
            }
            for number in range(count)
        ],
    )  # fmt: skip
    actor = Actor(person.user_id, None)
    for number in range(count):
        record(actor, "update", "users", person.user_id, title=(number, number + 1))
    db.session.commit()


@pytest.mark.parametrize("count", [1, 12])
def test_each_section_is_one_statement_whatever_its_length(app, make, count_sql, count):
    person = make.facilitator()
    with app.app_context():
        fill(person, count)
        with count_sql() as sql:
            found = personal_data.gather(person.user_id)
    assert len(found["notifications"]) == count
    assert len(sql) == len(found), sql.text


def test_the_page_links_to_it(client, make, sign_in):
    sign_in(client, make.student())
    page = client.get("/profile/data").text
    assert 'href="/profile/data.json"' in page
    assert 'href="/profile/data" aria-current="page"' in page


def test_nothing_of_an_unknown_person(app):
    with app.app_context():
        found = personal_data.gather(2_000_000_000)
    assert not any(found.values())
