"""Changing one's password: who knows the present one may, and is then signed in here alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from portal.accounts import passwords
from portal.accounts.models import Identity, OneTimeToken, SignIn, User
from portal.accounts.services import Purpose
from portal.accounts.services.tokens import issue_token
from portal.audit.models import AuditEvent
from portal.extensions import db
from tests.support.letters import listening
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

NEW = "four words in a row"


def change(client, present=PASSWORD, password=NEW, again=None, place="127.0.0.1"):
    data = {"present": present, "password": password, "again": password if again is None else again}
    return client.post("/profile/password", data=data, environ_base={"REMOTE_ADDR": place})


def sign_in_by_form(client, email, password):
    return client.post("/login", data={"email": email, "password": password})


@pytest.mark.parametrize("role", ["student", "facilitator", "manager", "admin"])
def test_everyone_changes_their_own(client, new_client, make, sign_in, role):
    person = getattr(make, role)(password=PASSWORD)
    sign_in(client, person)
    assert client.get("/profile/password").status_code == 200
    answer = change(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/profile/password")
    assert "Your password is changed." in client.get("/profile/password").text
    assert sign_in_by_form(new_client(), person.email, NEW).status_code == 303
    assert sign_in_by_form(new_client(), person.email, PASSWORD).status_code == 422


def test_strangers_are_sent_to_sign_in(client):
    assert client.get("/profile/password").headers["Location"].startswith("/login")
    assert change(client).headers["Location"] == "/login"


def test_all_other_sessions_end_and_this_one_goes_on(client, new_client, make, sign_in):
    person, other = make.student(password=PASSWORD), make.student(password=PASSWORD)
    elsewhere, theirs = new_client(), new_client()
    for one, whose in ((client, person), (elsewhere, person), (theirs, other)):
        sign_in(one, whose)
    change(client)
    assert client.get("/courses/").status_code == 200
    assert elsewhere.get("/courses/").status_code == 303
    assert theirs.get("/courses/").status_code == 200
    # And again, under the new epoch.
    assert change(client, NEW, "another four words here").status_code == 303
    assert client.get("/courses/").status_code == 200


def test_links_to_set_a_password_end(app, client, make, sign_in):
    person = make.student(password=PASSWORD)
    with app.app_context():
        token = issue_token(person.user_id, Purpose.RESET, "a key").token
        kept = issue_token(person.user_id, Purpose.NOTIFICATION_ADDRESS, "a key", address="a@example.org").id
        db.session.commit()
    sign_in(client, person)
    change(client)
    assert client.get(f"/password/reset/{token}").status_code == 404
    with app.app_context():
        assert db.session.get(OneTimeToken, kept).used_at is None


def test_the_owner_is_told_and_the_audit_knows(app, client, make, sign_in):
    person = make.student(password=PASSWORD)
    sign_in(client, person)
    with listening() as sent:
        change(client)
        change(client, NEW, "another four words here")
    assert sent.kinds() == [(person.user_id, "password_changed")] * 2
    assert len({notice.key for notice in sent.notices}) == 2
    with app.app_context():
        rows = db.session.execute(
            select(AuditEvent.actor_id, AuditEvent.entity_id, AuditEvent.changes).where(
                AuditEvent.action == "change_password"
            )
        ).all()
    assert rows == [(person.user_id, person.user_id, {})] * 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"present": "not the present one"}, "This is not your present password."),
        ({"present": ""}, "Type your present password."),
        ({"present": f"{PASSWORD}\0"}, "This is not your present password."),
        ({"present": "x" * 400_000}, "This is not your present password."),
        ({"password": PASSWORD}, "This is your present password."),
        ({"password": "short"}, "Use at least 10 characters."),
        ({"password": "é" * 40}, "Use at most 72 characters."),
        ({"password": "aline-uwase-77"}, "Your name, your address"),
        ({"password": "qwertyuiop"}, "too easy to guess"),
        ({"again": "another"}, "The two passwords differ."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_changed(client, new_client, make, sign_in, typed, said):
    person = make.student(password=PASSWORD, first_name="Aline", last_name="Uwase")
    sign_in(client, person)
    answer = change(client, **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert sign_in_by_form(new_client(), person.email, PASSWORD).status_code == 303


def test_guessing_the_present_password_is_slowed_down_as_at_sign_in(build_fresh_app, make_fresh, sign_in):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="3 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    client, person = app.test_client(), make_fresh.student(password=PASSWORD)
    sign_in(client, person)
    assert [change(client, "a wrong guess").status_code for _ in range(4)] == [422, 422, 422, 429]
    answer = change(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many attempts" in answer.text


def test_a_proved_password_does_not_count_as_a_guess(build_fresh_app, make_fresh, sign_in):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="2 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    sign_in(client, make_fresh.student(password=PASSWORD))
    assert [change(client, password="short").status_code for _ in range(5)] == [422] * 5
    assert change(client).status_code == 303
    with app.app_context():
        assert set(db.session.scalars(select(SignIn.outcome))) == {"succeeded"}


def test_who_has_no_password_is_told_how_to_get_one(app, client, make, sign_in):
    person = make.student()
    with app.app_context():
        db.session.add(Identity(issuer="https://id.example.org", subject="1", user_id=person.user_id))
        db.session.commit()
    sign_in(client, person)
    page = client.get("/profile/password")
    assert page.status_code == 200
    assert 'href="/password/forgot"' in page.text
    assert 'name="present"' not in page.text
    assert change(client, "").status_code == 422
    assert change(client).status_code == 422
    with app.app_context():
        assert db.session.scalar(select(User.password_hash)) is None


def test_a_session_that_ends_meanwhile_does_not_have_the_last_word(app, client, make, sign_in, monkeypatch):
    """While bcrypt works, the owner sets a new password by a link: whoever sat in the session is out."""
    person = make.student(password=PASSWORD)
    sign_in(client, person)
    really = passwords.hash_password

    def hash_meanwhile(password: str) -> str:
        hashed = really(password)
        user = db.session.get(User, person.user_id)
        user.password_hash, user.session_epoch = really("of the owner alone"), user.session_epoch + 1
        db.session.commit()
        return hashed

    monkeypatch.setattr(passwords, "hash_password", hash_meanwhile)
    answer = change(client)
    assert answer.status_code == 409
    monkeypatch.undo()
    assert sign_in_by_form(app.test_client(), person.email, NEW).status_code == 422
    assert sign_in_by_form(app.test_client(), person.email, "of the owner alone").status_code == 303


def test_of_two_changes_at_once_one_wins(fresh_app, make_fresh, sign_in, monkeypatch):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    person = make_fresh.student(password=PASSWORD)
    clients = [fresh_app.test_client(), fresh_app.test_client()]
    for client in clients:
        sign_in(client, person)
    together, really = threading.Barrier(2), passwords.hash_password

    def hash_together(password: str) -> str:
        hashed = really(password)
        together.wait(10)
        return hashed

    monkeypatch.setattr(passwords, "hash_password", hash_together)
    chosen = ["the first of two words", "the second of two words"]
    with ThreadPoolExecutor(2) as pool:
        codes = list(
            pool.map(lambda pair: change(pair[0], PASSWORD, pair[1]).status_code, zip(clients, chosen, strict=True))
        )
    assert sorted(codes) == [303, 409]
    winner = codes.index(303)
    assert sign_in_by_form(fresh_app.test_client(), person.email, chosen[winner]).status_code == 303
    assert clients[winner].get("/courses/").status_code == 200
    assert clients[1 - winner].get("/courses/").status_code == 303
    with fresh_app.app_context():
        count = select(func.count(AuditEvent.id)).where(AuditEvent.action == "change_password")
        assert db.session.scalar(count) == 1


def test_a_form_without_its_token_is_refused(fresh_app, make_fresh, sign_in):
    client, person = fresh_app.test_client(), make_fresh.student(password=PASSWORD)
    sign_in(client, person)
    assert change(client).status_code == 400
    assert sign_in_by_form(client, person.email, PASSWORD).status_code == 400


def test_what_a_stranger_adds_to_the_form_changes_nothing(app, client, make, sign_in):
    person, other = make.student(password=PASSWORD), make.student(password=PASSWORD)
    sign_in(client, person)
    more = {"user_id": other.user_id, "id": other.user_id, "role": "admin", "email": other.email}
    client.post("/profile/password", data={"present": PASSWORD, "password": NEW, "again": NEW, **more})
    assert sign_in_by_form(app.test_client(), other.email, PASSWORD).status_code == 303
    with app.app_context():
        assert set(db.session.scalars(select(User.role))) == {"student"}
