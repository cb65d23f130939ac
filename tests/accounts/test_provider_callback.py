"""The way to a provider and back: who may end it, once, where it leads, and what happens when the provider is away."""

import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from portal.accounts.models import User, UserSession
from portal.extensions import db
from tests.support.openid import CALLBACK, identities, is_in, use

pytestmark = pytest.mark.in_turn


def sent_to(answer) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def test_it_asks_for_a_code_with_everything_that_protects_it(sso, client, provider):
    answer = client.get("/sign-in/oidc")
    assert answer.headers["Location"].startswith(f"{provider.issuer}/auth?")
    sent = sent_to(answer)
    assert sent["response_type"] == "code"
    assert sent["scope"] == "openid email profile"
    assert sent["code_challenge_method"] == "S256"
    assert len(sent["code_challenge"]) == 43
    assert sent["client_id"] == "the portal"
    again = sent_to(client.get("/sign-in/oidc"))
    assert not {sent["state"], sent["nonce"], sent["code_challenge"]} & set(again.values())


# --- who may end it


def test_a_way_back_is_good_once(sso, client, come_back):
    back = come_back(client, "ada")
    assert client.get(back).status_code == 303
    client.post("/logout")
    answer = client.get(back)
    assert answer.status_code == 400
    assert "used already" in answer.text
    assert not is_in(client)
    assert len(identities(sso)) == 1


def test_a_copied_cookie_does_not_make_it_good_twice(sso, client, new_client, come_back):
    back = come_back(client, "ada")
    with client.session_transaction() as session:
        kept = dict(session)
    assert client.get(back).status_code == 303
    other = new_client()
    with other.session_transaction() as session:
        session.update(kept)
    assert other.get(back).status_code == 400
    assert not is_in(other)


def test_nobody_is_signed_in_to_a_strangers_account(sso, client, new_client, come_back):
    strangers = come_back(new_client(), "ada")
    assert client.get(strangers).status_code == 400
    assert not is_in(client)
    come_back(client, "ADA")
    assert client.get(strangers).status_code == 400
    assert not is_in(client)
    assert identities(sso) == []


def test_a_strangers_code_in_ones_own_flow_proves_nothing(sso, client, new_client, come_back):
    own, theirs = come_back(client, "ada"), come_back(new_client(), "ADA")
    state = parse_qs(urlsplit(own).query)["state"][0]
    code, issuer = (parse_qs(urlsplit(theirs).query)[name][0] for name in ("code", "iss"))
    answer = client.get(CALLBACK, query_string={"state": state, "code": code, "iss": issuer})
    assert answer.status_code == 400
    assert identities(sso) == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=",
        "state=x&code=y",
        "code=y",
        "state=%00&code=%ff",
        "state=x&state=y",
        "error=access_denied",
        "state[]=x",
        "state=" + "x" * 5000,
    ],
)
def test_a_way_back_that_nobody_went_is_none(sso, client, query):
    client.get("/sign-in/oidc")
    answer = client.get(f"{CALLBACK}?{query}")
    assert answer.status_code == 400
    assert "That did not work" in answer.text


def test_a_way_back_by_the_other_provider_is_none(sso, client, come_back, monkeypatch):
    use(sso, monkeypatch, google_client_id="x", google_client_secret="y")
    back = come_back(client, "ada")
    assert client.get(back.replace("/oidc/", "/google/")).status_code == 400
    assert client.get(back).status_code == 400
    assert identities(sso) == []


def test_two_tabs_may_be_on_their_way_at_once(sso, client, come_back):
    first, second = come_back(client, "ada"), come_back(client, "ada")
    assert client.get(first).status_code == 303
    client.post("/logout")
    assert client.get(second).status_code == 400  # signing in began a new session, without what was there
    tabs = [come_back(client, "ada") for _ in range(4)]
    assert client.get(tabs[0]).status_code == 400
    assert client.get(tabs[1]).status_code == 303


def test_it_may_take_ten_minutes(sso, client, come_back, frozen_time):
    frozen_time.move_to("2026-10-14T12:00:00Z")
    state = sent_to(client.get("/sign-in/oidc"))["state"]
    frozen_time.shift(601)
    assert client.get(CALLBACK, query_string={"state": state, "code": "x"}).status_code == 400


def test_an_answer_in_anothers_name_is_none(sso, client, come_back):
    back = come_back(client, "ada")
    assert "iss=" in back
    name = parse_qs(urlsplit(back).query)["iss"][0]
    other = client.application.test_client()
    wrong = come_back(other, "ada").replace("iss=", "iss=x")
    assert other.get(wrong).status_code == 400
    third = client.application.test_client()
    without = come_back(third, "ada").partition("&iss=")[0]
    assert third.get(without).status_code == 400
    assert name.startswith("http://127.0.0.1")
    assert identities(sso) == []
    assert client.get(back).status_code == 303


def test_a_session_that_was_there_before_ends(sso, client, make, sign_in, new_client, come_back):
    back = come_back(client, "ada")
    person = make.student()
    with client.session_transaction() as session:
        kept = dict(session)
    sign_in(client, person)
    with client.session_transaction() as session:
        session["providers"] = kept["providers"]
        session["left"] = "by somebody"
        before = session["_user_id"]
    assert client.get(back).status_code == 303
    with client.session_transaction() as session:
        assert session["_user_id"] != before
        assert "left" not in session
    with sso.app_context():
        ended = db.session.scalar(select(UserSession.ended_at).where(UserSession.user_id == person.user_id))
    assert ended is not None


# --- what the provider says instead


def test_who_does_not_want_to_is_back_at_the_start(sso, client, come_back):
    answer = client.get(come_back(client, "nobody", "/sign-in/oidc?next=/notifications/"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/notifications/")
    page = client.get(answer.headers["Location"]).text
    assert "you called it off, or the provider does not let you" in page
    assert "did not want to" not in page  # what a provider writes is not shown as ours


def test_who_does_not_want_to_connect_is_back_on_their_page(sso, client, make, sign_in, come_back):
    sign_in(client, make.student())
    link = client.get("/profile/connections").text.split('href="/sign-in/oidc?connect=')[1].split('"')[0]
    answer = client.get(come_back(client, "nobody", f"/sign-in/oidc?connect={link}"))
    assert answer.headers["Location"] == "/profile/connections"


# --- where it leads


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "%0d%0aX: y", "x" * 2000, ""],
)
def test_nobody_is_sent_elsewhere(sso, client, come_back, wanted):
    sent = client.get("/sign-in/oidc", query_string={"next": wanted})
    back = come_back(client, "ada", sent.request.full_path)
    assert client.get(back).headers["Location"] == "/"


def test_it_leads_where_the_person_was_going(sso, client, walk_in):
    assert (
        walk_in(client, "ada", "/sign-in/oidc?next=/notifications/?page=2").headers["Location"]
        == "/notifications/?page=2"
    )


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:4711", "http://127.0.0.1:4711"),
        ("[::1]:4711", "http://[::1]:4711"),
        ("evil.example", "http://127.0.0.1:8000"),
        ("localhost.evil.example", "http://127.0.0.1:8000"),
        ("localhost:5000@evil.example", "http://127.0.0.1:8000"),
        ("127.0.0.1.evil.example:80", "http://127.0.0.1:8000"),
    ],
)
def test_a_made_up_host_is_not_where_people_come_back_to(sso, client, host, expected):
    answer = client.get("/sign-in/oidc", headers={"Host": host})
    if answer.status_code == 302:
        assert sent_to(answer)["redirect_uri"] == expected + CALLBACK
    else:
        assert answer.status_code == 400


def test_the_public_address_is_where_people_come_back_to(sso, client, monkeypatch):
    use(sso, monkeypatch, public_url="https://teaching.example.org/")
    sent = sent_to(client.get("/sign-in/oidc", headers={"Host": "localhost:5000"}))
    assert sent["redirect_uri"] == "https://teaching.example.org" + CALLBACK


def test_in_production_the_request_has_no_say(sso, client, monkeypatch):
    use(sso, monkeypatch, portal_env="production", public_url="https://teaching.example.org")
    sent = sent_to(client.get("/sign-in/oidc", headers={"Host": "localhost:5000"}))
    assert sent["redirect_uri"] == "https://teaching.example.org" + CALLBACK


# --- when it is away


def test_while_the_provider_is_away_passwords_still_open(sso, client, make, provider):
    provider.stop()
    person = make.student(password="a-quiet-harbour-7")
    answer = client.get("/sign-in/oidc?next=/profile")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/profile")
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "Your institution&#39;s account cannot be reached" in page.text
    assert client.post("/login", data={"email": person.email, "password": "a-quiet-harbour-7"}).status_code == 303


def test_who_comes_back_while_the_provider_is_away_can_try_again(sso, client, come_back, provider):
    back = come_back(client, "ada")
    provider.stop()
    answer = client.get(back)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "cannot be reached at the moment" in client.get("/login").text
    assert identities(sso) == []


def test_a_provider_that_is_back_is_asked_again_after_a_moment(sso, client, provider, monkeypatch):
    provider.stop()
    client.get("/sign-in/oidc")
    provider.start()
    assert client.get("/sign-in/oidc").status_code == 303
    shelf = sso.extensions["portal_openid"]
    for kept in shelf.kept.values():
        kept.at = kept.at.replace(year=2020)
    assert client.get("/sign-in/oidc").status_code == 302


def test_what_a_provider_published_is_good_enough_while_it_is_away(sso, client, provider):
    assert client.get("/sign-in/oidc").status_code == 302
    for kept in sso.extensions["portal_openid"].kept.values():
        kept.at = kept.at.replace(year=2020)
    provider.stop()
    assert client.get("/sign-in/oidc").status_code == 302


def test_a_new_key_is_fetched_when_it_is_used(sso, client, walk_in, provider):
    walk_in(client, "ada")
    client.post("/logout")
    provider.start("second", "first")
    assert walk_in(client, "ada").status_code == 303
    assert is_in(client)


# --- at one moment


def test_two_answers_at_one_moment_make_one_account(build_fresh_app, provider, come_back):
    app = build_fresh_app(**provider.settings())
    clients = [app.test_client() for _ in range(4)]
    backs = [come_back(client, "ada") for client in clients]
    start, statuses = threading.Barrier(len(clients)), []

    def end(client, back) -> None:
        start.wait()
        statuses.append(client.get(back).status_code)

    threads = [threading.Thread(target=end, args=pair) for pair in zip(clients, backs, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses == [303] * len(clients)
    assert all(is_in(client) for client in clients)
    with app.app_context():
        assert len(db.session.scalars(select(User.id)).all()) == 1
    assert len(identities(app)) == 1
