"""Accounts that are connected once their owner has signed in, or from their own page; and the pages that offer it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.accounts import services
from portal.accounts.models import Identity
from portal.accounts.services.identities import disconnect
from portal.audit.services import System
from portal.errors import DomainError
from portal.extensions import db
from tests.support.openid import actions, identities, is_in, use, user_id_of
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

# --- its owner signs in once


def test_any_other_address_is_connected_once_its_owner_has_signed_in(sso, client, make, walk_in):
    grace = make.facilitator(email="grace@elsewhere.example", password=PASSWORD)
    answer = walk_in(client, "grace", "/sign-in/oidc?next=/notifications/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/notifications/")
    assert identities(sso) == []
    assert not is_in(client)
    page = client.get(answer.headers["Location"]).text
    assert "Sign in once with your password" in page
    assert 'value="grace@elsewhere.example"' in page
    data = {"email": grace.email, "password": PASSWORD, "next": "/notifications/"}
    assert client.post("/login", data=data).headers["Location"] == "/notifications/"
    assert identities(sso) == [("grace", grace.user_id)]
    assert "grace@elsewhere.example, opens your account from now on" in client.get("/profile").text
    client.post("/logout")
    assert walk_in(client, "grace").headers["Location"] == "/"


def test_it_is_not_connected_to_whoever_else_signs_in(sso, client, make, walk_in):
    grace = make.facilitator(email="grace@elsewhere.example", password=PASSWORD)
    other = make.facilitator(password=PASSWORD)
    walk_in(client, "grace")
    client.post("/login", data={"email": other.email, "password": PASSWORD})
    assert is_in(client)
    client.post("/logout")
    client.post("/login", data={"email": grace.email, "password": PASSWORD})
    assert is_in(client)
    assert identities(sso) == []


def test_a_wrong_password_connects_nothing(sso, client, make, walk_in):
    grace = make.facilitator(email="grace@elsewhere.example", password=PASSWORD)
    walk_in(client, "grace")
    assert client.post("/login", data={"email": grace.email, "password": "another-harbour-9"}).status_code == 422
    assert identities(sso) == []


def test_it_waits_for_ten_minutes(sso, client, make, walk_in):
    grace = make.facilitator(email="grace@elsewhere.example", password=PASSWORD)
    walk_in(client, "grace")
    with client.session_transaction() as session:
        began = (clock.now() - timedelta(minutes=10)).isoformat()
        session["connecting"] = session["connecting"] | {"began": began}
    assert "One more step" not in client.get("/login").text
    client.post("/login", data={"email": grace.email, "password": PASSWORD})
    assert identities(sso) == []


def test_it_need_not_be_connected(sso, client, make, walk_in):
    grace = make.facilitator(email="grace@elsewhere.example", password=PASSWORD)
    walk_in(client, "grace")
    assert client.post("/sign-in/forget").status_code == 303
    assert "One more step" not in client.get("/login").text
    client.post("/login", data={"email": grace.email, "password": PASSWORD})
    assert identities(sso) == []


def test_an_invited_person_accepts_the_invitation_first(sso, client, make, walk_in):
    grace = make.student(email="grace@elsewhere.example")
    with sso.app_context():
        issued = services.invite(grace.email, sso.config["SECRET_KEY"], System(), by_mail=False)
        db.session.commit()
    answer = walk_in(client, "grace")
    assert "An invitation waits for" in client.get(answer.headers["Location"]).text
    chosen = {"password": "seven-quiet-harbours-9", "again": "seven-quiet-harbours-9"}
    assert client.post(f"/invitations/{issued.token}", data=chosen).status_code == 303
    assert identities(sso) == [("grace", grace.user_id)]


def test_an_invited_person_of_the_institution_comes_in_at_once(sso, client, make, walk_in):
    ada = make.student(email="ada@uni.example")
    with sso.app_context():
        issued = services.invite(ada.email, sso.config["SECRET_KEY"], System(), by_mail=False)
        db.session.commit()
    walk_in(client, "ada")
    assert user_id_of(client) == ada.user_id
    client.post("/logout")
    assert client.get(f"/invitations/{issued.token}").status_code == 404


# --- one's own page


def connect_link(client) -> str:
    page = client.get("/profile/connections").text
    return page.split('href="/sign-in/oidc?connect=')[1].split('"')[0]


def test_another_account_is_connected_from_ones_own_page(sso, client, make, sign_in, walk_in):
    person = make.student()
    sign_in(client, person)
    answer = walk_in(client, "grace", f"/sign-in/oidc?connect={connect_link(client)}")
    assert answer.headers["Location"] == "/profile/connections"
    page = client.get("/profile/connections").text
    assert "grace@elsewhere.example" in page
    assert identities(sso) == [("grace", person.user_id)]
    assert user_id_of(client) == person.user_id
    again = walk_in(client, "grace", f"/sign-in/oidc?connect={connect_link(client)}")
    assert "connected already" in client.get(again.headers["Location"]).text
    assert len(identities(sso)) == 1


def test_an_identity_of_somebody_else_is_not_connected(sso, client, new_client, make, sign_in, walk_in):
    walk_in(new_client(), "ada")
    person = make.student()
    sign_in(client, person)
    answer = walk_in(client, "ada", f"/sign-in/oidc?connect={connect_link(client)}")
    assert "belongs to somebody else here" in client.get(answer.headers["Location"]).text
    assert person.user_id not in dict(identities(sso)).values()


def test_an_address_of_somebody_else_is_not_connected(sso, client, make, sign_in, walk_in):
    make.student(email="grace@elsewhere.example")
    sign_in(client, make.student())
    answer = walk_in(client, "grace", f"/sign-in/oidc?connect={connect_link(client)}")
    assert "belongs to somebody else here" in client.get(answer.headers["Location"]).text
    assert identities(sso) == []


def test_an_unchecked_address_is_not_connected(sso, client, make, sign_in, walk_in):
    sign_in(client, make.student())
    answer = walk_in(client, "linus", f"/sign-in/oidc?connect={connect_link(client)}")
    assert "has not checked" in client.get(answer.headers["Location"]).text
    assert identities(sso) == []


@pytest.mark.parametrize("token", ["", "x", "WzEsMV0.8QJd4lEtIhvTnXbZVf0pHvZ0y3c"])
def test_nobody_is_made_to_connect_an_account_by_a_link(sso, client, make, sign_in, token):
    sign_in(client, make.student())
    answer = client.get(f"/sign-in/oidc?connect={token}")
    assert answer.headers["Location"] == "/profile/connections"


def test_another_persons_link_connects_nothing(sso, client, new_client, make, sign_in):
    other = new_client()
    sign_in(other, make.student())
    link = connect_link(other)
    sign_in(client, make.student())
    assert client.get(f"/sign-in/oidc?connect={link}").headers["Location"] == "/profile/connections"


def test_it_is_connected_to_nobody_when_another_person_comes_back(sso, client, make, sign_in, come_back):
    sign_in(client, make.student())
    back = come_back(client, "grace", f"/sign-in/oidc?connect={connect_link(client)}")
    with client.session_transaction() as session:
        flows = session["providers"]
    sign_in(client, make.student())
    with client.session_transaction() as session:
        session["providers"] = flows
    assert client.get(back).status_code == 400
    assert identities(sso) == []


def test_who_is_signed_in_needs_no_provider(sso, client, make, sign_in):
    sign_in(client, make.student())
    assert client.get("/sign-in/oidc?next=/profile").headers["Location"] == "/profile"


def identity_of(app: Flask, user_id: int) -> int:
    with app.app_context():
        return db.session.scalar(select(Identity.id).where(Identity.user_id == user_id))


def test_an_account_is_disconnected(sso, client, make, new_client, walk_in):
    ada = make.student(email="ada@uni.example", password=PASSWORD)
    walk_in(client, "ada")
    elsewhere = new_client()
    walk_in(elsewhere, "ada")
    answer = client.post(f"/profile/connections/{identity_of(sso, ada.user_id)}/disconnect")
    assert answer.status_code == 303
    assert identities(sso) == []
    assert ("disconnect", "identities", ada.user_id) in actions(sso)
    assert is_in(client)
    assert not is_in(elsewhere)


def test_the_last_way_in_stays(sso, client, walk_in):
    walk_in(client, "ADA")
    user_id = user_id_of(client)
    answer = client.post(f"/profile/connections/{identity_of(sso, user_id)}/disconnect")
    assert answer.status_code == 422
    assert "only way to sign in" in answer.text
    assert identities(sso) == [("ADA", user_id)]


def test_a_provider_that_is_not_set_any_more_is_no_way_in(sso, client, walk_in):
    walk_in(client, "ada")
    user_id = user_id_of(client)
    with sso.app_context():
        db.session.add(Identity(issuer="https://gone.example", subject="x", user_id=user_id))
        db.session.commit()
        one = db.session.scalar(select(Identity.id).where(Identity.subject == "ada"))
        other = db.session.scalar(select(Identity.id).where(Identity.subject == "x"))
        with pytest.raises(DomainError):
            disconnect(user_id, one, {"http://127.0.0.1": "oidc"}, System())
        db.session.rollback()
    assert client.post(f"/profile/connections/{other}/disconnect").status_code == 303
    assert client.post(f"/profile/connections/{one}/disconnect").status_code == 422


def test_the_page_of_connections_takes_the_same_statements_however_many(sso, client, make, sign_in, count_sql):
    person = make.student()
    sign_in(client, person)

    def count(identities: int) -> int:
        with sso.app_context():
            db.session.add_all(
                Identity(issuer="https://x.example", subject=f"{identities}-{one}", user_id=person.user_id)
                for one in range(identities)
            )
            db.session.commit()
        client.get("/profile/connections")
        with count_sql() as sql:
            assert client.get("/profile/connections").status_code == 200
        return len(sql)

    assert count(1) == count(11) == 4


# --- the pages that offer it


def test_the_sign_in_page_offers_what_is_set(sso, client, monkeypatch):
    page = client.get("/login?next=/profile").text
    assert "Continue with your institution" in page
    assert 'href="/sign-in/oidc?next=/profile"' in page
    assert "Google" not in page
    use(sso, monkeypatch, google_client_id="x", google_client_secret="y", oidc_name="Campus <ID>")
    page = client.get("/login").text
    assert "Continue with Google" in page
    assert "Continue with Campus &lt;ID&gt;" in page
    assert "Continue with Google" in client.get("/register").text


def test_nothing_is_offered_where_nothing_is_set(app, client):
    page = client.get("/login").text
    assert "/sign-in/" not in page
    assert client.get("/sign-in/oidc").status_code == 404
    assert client.get("/sign-in/google/callback?state=x&code=y").status_code == 404
    assert client.get("/sign-in/github").status_code == 404
