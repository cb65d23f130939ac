"""The inbox: what a person was told, in their words, and what they have read."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.extensions import db
from portal.notifications.models import Notification
from portal.notifications.services import Fact, notify_many
from portal.tracker.services.reminders import remind
from tests.support.mail import ZONE

pytestmark = pytest.mark.in_turn

STATEMENTS = 5  # the person, the bell, the kinds, the entries, their facts


def tell(app: Flask) -> None:
    with app.app_context():
        remind(clock.now(), ZONE)
        db.session.commit()


def unread(app: Flask, person: Any) -> int:
    with app.app_context():
        mine = select(func.count()).where(Notification.recipient_id == person.user_id, Notification.read_at.is_(None))
        return db.session.scalar(mine) or 0


@pytest.fixture
def told(app: Flask, make: Any, frozen_time: Any) -> Any:
    """A facilitator who was told of two courses with twelve missing weeks each."""
    facilitator = make.facilitator()
    for _ in range(2):
        offering = make.offering(facilitator, weeks_ago=14)
        for week in range(1, 13):
            make.log(offering, week)
    tell(app)
    return facilitator


def test_an_empty_inbox_says_what_will_stand_there(client: Any, make: Any, sign_in: Any) -> None:
    sign_in(client, make.facilitator())
    answer = client.get("/notifications/")
    assert answer.status_code == 200
    assert "When a weekly log is due soon or overdue" in answer.text
    assert "Mark all as read" not in answer.text


def test_the_missing_weeks_of_one_pass_are_one_entry_that_opens(client: Any, told: Any, sign_in: Any) -> None:
    sign_in(client, told)
    page = client.get("/notifications/").text
    assert page.count("<details") - page.count("<details class=") == 1
    assert "24 weekly logs are missing" in page
    assert page.count("Weeks 1–12, first deadline") == 2
    assert "Unread" in page
    assert 'href="/tracker/"' in page


def test_words_are_made_in_the_readers_language(client: Any, make: Any, sign_in: Any, app: Flask) -> None:
    person = make.facilitator(locale="fr", time_zone="Africa/Kigali")
    make.log(make.offering(person), 1)
    tell(app)
    sign_in(client, person)
    assert re.search(r"lundi \d+(er)? \w+ à 19:00", client.get("/notifications/").text)


def test_a_person_sees_only_their_own(client: Any, told: Any, make: Any, sign_in: Any) -> None:
    sign_in(client, make.facilitator())
    assert "missing" not in client.get("/notifications/").text.split("</header>")[1].split("<footer")[0]


@pytest.mark.parametrize("role", ["student", "manager", "admin"])
def test_everyone_has_an_inbox(client: Any, make: Any, sign_in: Any, role: str) -> None:
    sign_in(client, getattr(make, role)())
    assert client.get("/notifications/").status_code == 200


def test_a_stranger_signs_in_first(client: Any) -> None:
    assert client.get("/notifications/").status_code == 303
    assert client.post("/notifications/read", data={"up_to": 1}).status_code == 303


def test_one_and_twelve_entries_need_the_same_statements(
    app: Flask, client: Any, make: Any, sign_in: Any, count_sql: Any, frozen_time: Any
) -> None:
    person = make.facilitator()
    seen = []
    for number in (1, 11):
        for _ in range(number):
            frozen_time.shift(60)
            make.log(make.offering(person), 1)
            tell(app)
        sign_in(client, person)
        with count_sql() as sql:
            answer = client.get("/notifications/")
        assert answer.status_code == 200
        seen.append((answer.text.count('id="entry-'), len(sql)))
    assert seen == [(1, STATEMENTS), (12, STATEMENTS)], sql.text


def test_marking_all_as_read_leaves_what_came_meanwhile(
    app: Flask, client: Any, told: Any, make: Any, sign_in: Any, frozen_time: Any
) -> None:
    sign_in(client, told)
    newest = re.search(r'name="up_to" value="(\d+)"', client.get("/notifications/").text)
    assert newest
    frozen_time.shift(60)
    make.log(make.offering(told), 1)
    tell(app)
    answer = client.post("/notifications/read", data={"up_to": newest[1]})
    assert (answer.status_code, answer.location) == (303, "/notifications/")
    assert unread(app, told) == 1


def test_one_entry_is_marked_as_read_alone(
    app: Flask, client: Any, told: Any, make: Any, sign_in: Any, frozen_time: Any
) -> None:
    frozen_time.shift(60)
    make.log(make.offering(told), 1)
    tell(app)
    sign_in(client, told)
    newest, older = re.findall(r'id="entry-(\d+)"', client.get("/notifications/").text)
    client.post("/notifications/read", data={"up_to": older, "entry": older})
    assert unread(app, told) == 1
    client.post("/notifications/read", data={"up_to": newest, "entry": newest})
    assert unread(app, told) == 0
    assert "You have read them all." in client.get("/notifications/").text


@pytest.mark.parametrize("data", [{}, {"up_to": "x"}, {"up_to": "-1"}, {"up_to": str(10**30)}, {"at": "nonsense"}])
def test_nonsense_marks_nothing(app: Flask, client: Any, told: Any, sign_in: Any, data: dict[str, str]) -> None:
    sign_in(client, told)
    assert client.post("/notifications/read", data=data).status_code == 303
    assert unread(app, told) == 24


def test_nobody_marks_what_is_another_persons(app: Flask, client: Any, told: Any, make: Any, sign_in: Any) -> None:
    with app.app_context():
        entry = db.session.scalar(select(func.max(Notification.id)))
    sign_in(client, make.facilitator())
    for data in ({"up_to": entry}, {"up_to": entry, "entry": entry}):
        client.post("/notifications/read", data=data)
    assert unread(app, told) == 24


def test_looking_marks_nothing_as_read(app: Flask, client: Any, told: Any, sign_in: Any) -> None:
    sign_in(client, told)
    client.get("/notifications/")
    assert unread(app, told) == 24


def test_older_notifications_are_on_the_next_page_and_the_way_leads_back(
    app: Flask, client: Any, make: Any, sign_in: Any, frozen_time: Any
) -> None:
    person = make.facilitator()
    for _ in range(45):
        frozen_time.shift(timedelta(minutes=1))
        make.log(make.offering(person), 1)
        tell(app)
    sign_in(client, person)
    address, pages = "/notifications/", []
    while address:
        text = client.get(address).text
        pages.append((address, [int(one) for one in re.findall(r'id="entry-(\d+)"', text)]))
        following = re.search(r'rel="next" href="([^"]+)"', text)
        address = following[1] if following else ""
    ids = [one for _address, page in pages for one in page]
    assert [len(page) for _address, page in pages] == [20, 20, 5]
    assert ids == sorted(set(ids), reverse=True)
    back = re.search(r'rel="prev" href="([^"]+)"', client.get(pages[1][0]).text)
    assert back
    assert [int(one) for one in re.findall(r'id="entry-(\d+)"', client.get(back[1]).text)] == pages[0][1]
    assert client.get("/notifications/?at=tampered").status_code == 200


def test_a_kind_that_is_no_longer_known_breaks_nothing(app: Flask, client: Any, make: Any, sign_in: Any) -> None:
    person = make.facilitator()
    with app.app_context():
        notify_many([Fact(person.user_id, "of_former_times", {}, "x")])
        db.session.commit()
    sign_in(client, person)
    assert client.get("/notifications/").status_code == 200


@pytest.mark.browser
def test_an_entry_is_marked_as_read_without_leaving_the_page(
    live_server: Any, page: Any, make_fresh: Any, browser_sign_in: Any
) -> None:
    person = make_fresh.facilitator()
    make_fresh.log(make_fresh.offering(person), 1)
    tell(live_server.app)
    browser_sign_in(page, person)
    page.goto("/notifications/")
    assert page.locator("#bell .count").inner_text() == "1"
    page.locator(".inbox summary").click()
    assert page.locator(".inbox details li").is_visible()
    page.get_by_role("button", name="Mark as read", exact=True).click()
    page.locator(".inbox .new").wait_for(state="detached")
    page.locator("#bell .count").wait_for(state="detached")
    assert page.get_by_text("You have read them all.").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Go to this week"


@pytest.mark.browser
def test_marking_all_as_read_moves_the_focus_to_the_sentence_that_says_so(
    live_server: Any, page: Any, make_fresh: Any, browser_sign_in: Any
) -> None:
    person = make_fresh.facilitator()
    make_fresh.log(make_fresh.offering(person), 1)
    tell(live_server.app)
    browser_sign_in(page, person)
    page.goto("/notifications/")
    page.get_by_role("button", name="Mark all as read").press("Enter")
    page.locator("#bell .count").wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent") == "You have read them all."


@pytest.mark.browser
def test_the_inbox_works_without_javascript(
    live_server: Any, new_page: Any, make_fresh: Any, browser_sign_in: Any
) -> None:
    person = make_fresh.facilitator()
    make_fresh.log(make_fresh.offering(person), 1)
    tell(live_server.app)
    page = new_page(java_script_enabled=False)
    browser_sign_in(page, person)
    page.goto("/notifications/")
    page.get_by_role("button", name="Mark all as read").click()
    page.get_by_text("You have read them all.").wait_for()
    assert page.url.endswith("/notifications/")


@pytest.mark.browser
def test_the_inbox_is_accessible(
    live_server: Any, new_page: Any, make_fresh: Any, browser_sign_in: Any, axe: Any
) -> None:
    person = make_fresh.facilitator()
    make_fresh.log(make_fresh.offering(person), 1)
    tell(live_server.app)
    # axe sets styles of its own while it measures colours, which the page's policy would report.
    page = new_page(bypass_csp=True)
    browser_sign_in(page, person)
    page.goto("/notifications/")
    page.locator(".inbox summary").click()
    assert axe(page) == []
