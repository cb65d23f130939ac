"""Cookies and tokens, as in production: CSRF is on and everything commits."""

import re

import pytest

from portal.config import load_settings
from tests.support import databases
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


def token_in(text: str) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', text)
    assert found
    return found[1]


@pytest.fixture
def person(make_fresh):
    return make_fresh.student(password=PASSWORD)


def sign_in(client, person, **more):
    token = token_in(client.get("/login").text)
    return client.post("/login", data={"email": person.email, "password": PASSWORD, "csrf_token": token, **more})


def test_the_form_carries_its_token(fresh_app, person):
    assert sign_in(fresh_app.test_client(), person).status_code == 303


@pytest.mark.parametrize("token", [None, "", "x", "1.2.3"])
def test_without_its_token_the_form_is_shown_again_with_what_was_typed(fresh_app, person, token):
    client = fresh_app.test_client()
    data = {"email": person.email, "password": PASSWORD} | ({} if token is None else {"csrf_token": token})
    answer = client.post("/login", data=data)
    assert answer.status_code == 400
    assert "Type your password once more." in answer.text
    assert f'value="{person.email}"' in answer.text
    assert PASSWORD not in answer.text
    assert client.post("/login", data=data | {"csrf_token": token_in(answer.text)}).status_code == 303


def test_the_token_of_another_session_is_refused(fresh_app, person):
    other = token_in(fresh_app.test_client().get("/login").text)
    client = fresh_app.test_client()
    client.get("/login")
    data = {"email": person.email, "password": PASSWORD, "csrf_token": other}
    assert client.post("/login", data=data).status_code == 400


def test_the_session_of_a_stranger_is_not_carried_over(fresh_app, person):
    client = fresh_app.test_client()
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["language"] = "fr"
    before = token_in(client.get("/login").text)
    planted = client.get_cookie("portal").value
    sign_in(client, person)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["language"] == "fr"
    # What the stranger planted is still a stranger's, and its token fits the new session no more.
    other = fresh_app.test_client()
    other.set_cookie("portal", planted)
    assert other.get("/courses/").status_code == 303
    assert client.post("/logout", data={"csrf_token": before}).status_code == 400


def test_signing_out_needs_the_token(fresh_app, person):
    client = fresh_app.test_client()
    sign_in(client, person)
    assert client.post("/logout").status_code == 400
    assert client.get("/courses/").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(fresh_app, person):
    cookies = sign_in(fresh_app.test_client(), person).headers.getlist("Set-Cookie")
    cookie = next(cookie for cookie in cookies if cookie.startswith("portal="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Expires" not in cookie
    assert "Domain" not in cookie


def test_in_production_the_cookie_travels_by_https_alone(committing_database, tmp_path):
    settings = {"portal_env": "production", "secret_key": "x" * 40, "jwt_secret": "y" * 40}
    app = databases.build_app(committing_database.url, tmp_path, **settings)
    cookie = app.test_client().get("/login", base_url="https://portal.example.org").headers["Set-Cookie"]
    databases.dispose(app)
    assert cookie.startswith("__Host-portal=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_a_cookie_signed_with_another_secret_is_nobodys(build_fresh_app, person):
    mine, theirs = build_fresh_app(), build_fresh_app(secret_key="another-secret-0123456789-abcdefghij")
    client = theirs.test_client()
    sign_in(client, person)
    other = mine.test_client()
    other.set_cookie("portal", client.get_cookie("portal").value)
    assert other.get("/courses/").status_code == 303


def test_the_password_dialog_gets_a_token_first_and_then_a_new_one(fresh_app, person):
    client = fresh_app.test_client()
    told = client.get("/login/token")
    assert told.headers["Cache-Control"] == "no-store"
    assert told.json["person"] is None
    data = {"email": person.email, "password": PASSWORD}
    headers = {"X-Reauth": "1", "X-CSRFToken": told.json["csrf"]}
    answer = client.post("/login", data=data, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["person"] == person.user_id
    assert client.get("/login/token").json["person"] == person.user_id
    assert client.post("/logout", headers={"X-CSRFToken": answer.json["csrf"]}).status_code == 303


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        ({"password": "a-wrong-password"}, 422, "Email or password is wrong"),
        ({"password": ""}, 422, "Enter your password."),
    ],
)
def test_the_password_dialog_is_told_what_is_wrong(fresh_app, person, data, status, said):
    client = fresh_app.test_client()
    headers = {"X-Reauth": "1", "X-CSRFToken": client.get("/login/token").json["csrf"]}
    answer = client.post("/login", data={"email": person.email, **data}, headers=headers)
    assert answer.status_code == status
    assert said in answer.json["error"]


def test_a_weak_secret_does_not_start_in_production():
    with pytest.raises(SystemExit, match="SECRET_KEY"):
        load_settings(_env_file=None, portal_env="production", secret_key="short")
