"""The list of one's own sessions."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from portal.accounts.models import User, UserSession
from portal.audit.models import AuditEvent
from portal.extensions import db
from tests.support.browser import PHONE
from tests.support.people import PASSWORD
from tests.support.web import FIREFOX, session_of

pytestmark = pytest.mark.in_turn

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Edg/140.0.0.0"


@pytest.fixture
def person(make):
    return make.student(password=PASSWORD)


def post(client, person, agent=FIREFOX, place="127.0.0.1"):
    data = {"email": person.email, "password": PASSWORD}
    return client.post("/login", data=data, headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": place})


def is_in(client) -> bool:
    return client.get("/login").status_code == 302


def ids(app, person) -> list[int]:
    with app.app_context():
        mine = select(UserSession.id).where(UserSession.user_id == person.user_id)
        return list(db.session.scalars(mine.order_by(UserSession.id)))


def audited(app) -> list[tuple[str, str, int]]:
    with app.app_context():
        found = select(AuditEvent.action, AuditEvent.entity, AuditEvent.entity_id).order_by(AuditEvent.id)
        return [tuple(row) for row in db.session.execute(found)]


def test_one_session_is_the_only_one(client, person):
    post(client, person)
    text = client.get("/profile/sessions").text
    assert "You are signed in here and nowhere else." in text
    assert text.count("This session") == 1
    assert "Sign out everywhere else" not in text
    assert "Sign out there" not in text


def test_every_live_session_is_listed_with_its_device_and_the_present_one_first(
    app, client, new_client, person, make, frozen_time
):
    other = make.student(password=PASSWORD)
    post(client, person, place="192.0.2.1")
    frozen_time.shift(600)
    post(new_client(), person, agent=EDGE, place="2001:db8::7")
    post(new_client(), other, place="192.0.2.99")
    text = client.get("/profile/sessions").text
    assert "You are signed in at 2 places." in text
    assert text.index("Firefox on Linux") < text.index("This session") < text.index("Edge on Windows")
    for part in ("192.0.2.1", "2001:db8::7", "Wednesday 14 October 12:00", "Wednesday 14 October 12:10"):
        assert part in text
    assert "192.0.2.99" not in text


def test_what_has_ended_in_any_way_is_not_listed(app, client, new_client, person, frozen_time):
    signed_out = new_client()
    for one in (signed_out, new_client(), client):
        post(one, person)
    signed_out.post("/logout")
    frozen_time.shift(11 * 3600)
    client.get("/courses/")
    frozen_time.shift(3600)
    assert "You are signed in here and nowhere else." in client.get("/profile/sessions").text


def test_a_session_of_an_earlier_epoch_is_not_listed(app, client, new_client, person):
    post(client, person)
    with app.app_context():
        db.session.execute(update(User).values(session_epoch=5))
        db.session.commit()
    other = new_client()
    post(other, person)
    assert "nowhere else" in other.get("/profile/sessions").text


def test_signing_out_there(app, client, new_client, person):
    there, third = new_client(), new_client()
    for one in (client, there, third):
        post(one, person)
    wanted = ids(app, person)[1]
    answer = client.post(f"/profile/sessions/{wanted}/end")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/profile/sessions")
    assert "You are signed out there." in client.get("/profile/sessions").text
    assert [is_in(one) for one in (client, there, third)] == [True, False, True]
    assert audited(app) == [("end_session", "user_sessions", wanted)]
    # Twice is once.
    assert client.post(f"/profile/sessions/{wanted}/end").status_code == 303
    assert len(audited(app)) == 1


@pytest.mark.parametrize("role", ["student", "admin", "manager"])
def test_the_sessions_of_others_are_not_found(app, client, new_client, person, make, sign_in, role):
    theirs = new_client()
    post(theirs, person)
    sign_in(client, getattr(make, role)())
    for wanted in (ids(app, person)[0], 2147483647, 2147483648, 10**30, "x"):
        assert client.post(f"/profile/sessions/{wanted}/end").status_code == 404
    assert is_in(theirs)
    assert audited(app) == []


def test_signing_out_everywhere_else(app, client, new_client, person, make):
    others, stranger = [new_client(), new_client()], new_client()
    for one in (client, *others):
        post(one, person)
    post(stranger, make.student(password=PASSWORD))
    assert client.post("/profile/sessions/end-others").status_code == 303
    assert "You are signed out in 2 places." in client.get("/profile/sessions").text
    assert [is_in(one) for one in (client, *others, stranger)] == [True, False, False, True]
    assert audited(app) == [("end_other_sessions", "users", person.user_id)]
    client.post("/profile/sessions/end-others")
    assert len(audited(app)) == 1


@pytest.mark.parametrize("path", ["1/end", "end-others"])
def test_it_is_no_link_and_for_those_signed_in(client, person, path):
    assert client.get(f"/profile/sessions/{path}").status_code == 405
    assert client.post(f"/profile/sessions/{path}").headers["Location"] == "/login"
    assert client.get("/profile/sessions").headers["Location"].startswith("/login?")


def test_it_needs_the_token(fresh_app, make_fresh, sign_in):
    client = fresh_app.test_client()
    sign_in(client, make_fresh.student())
    assert client.post("/profile/sessions/end-others").status_code == 400


@pytest.mark.parametrize("count", [1, 12])
def test_the_list_takes_three_statements_at_any_length(app, client, person, sign_in, count_sql, count):
    for _ in range(count):
        sign_in(client, person)
    with count_sql() as sql:
        text = client.get("/profile/sessions").text
    assert text.count("Firefox on Linux</strong>") == count
    # With two more where single sign-on is possible.
    assert len(sql) <= 4, sql.text


# --- in a browser


@pytest.mark.browser
def test_without_scripts_on_a_phone(live_server, new_page, make_fresh, browser_sign_in):
    person = make_fresh.facilitator()
    for _ in range(2):
        session_of(person, live_server.app)
    page = new_page(java_script_enabled=False, **PHONE)
    browser_sign_in(page, person)
    page.goto("/profile/sessions")
    page.get_by_role("button", name="Sign out there").first.click()
    expect(page.get_by_text("You are signed out there.")).to_be_visible()
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_text("You are signed out in 1 place.")).to_be_visible()
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


@pytest.mark.browser
def test_it_is_accessible_and_fits(live_server, new_page, make_fresh, browser_sign_in, axe):
    person = make_fresh.manager()
    session_of(person, live_server.app)
    for options in ({"viewport": {"width": 1280, "height": 800}}, {**PHONE, "viewport": {"width": 320, "height": 700}}):
        page = new_page(**options)
        browser_sign_in(page, person)
        page.goto("/profile/sessions")
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= options["viewport"]["width"]


@pytest.mark.browser
def test_by_keyboard_alone(live_server, page, make_fresh, browser_sign_in):
    person = make_fresh.manager()
    session_of(person, live_server.app)
    browser_sign_in(page, person)
    page.goto("/profile/sessions")
    for _ in range(40):
        page.keyboard.press("Tab")
        if "Sign out everywhere else" in page.evaluate("document.activeElement.textContent"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("You are signed out in 1 place.")).to_be_visible()
