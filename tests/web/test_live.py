"""What open pages follow: one cheap question, and what it leads to."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from portal import pulses
from portal.extensions import db
from portal.notifications.services import Fact, notify_many
from portal.tracker.models import ActivityLog
from portal.tracker.services import plan_logs
from tests.support.teaching import RULES


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch):
    """Every question reaches the database."""
    monkeypatch.setattr(pulses, "_FRESH", 0.0)
    pulses.forget()


def words(client):
    """What there is to follow, by name."""
    return dict(line.split() for line in client.get("/live").text.splitlines())


def tell(app, person, key):
    """Tell somebody a fact."""
    with app.app_context():
        notify_many([Fact(person.user_id, "log_missing", {}, key)])
        db.session.commit()


def test_a_question_without_news_is_answered_with_nothing(fresh_app, count_sql):
    client = fresh_app.test_client()
    first = client.get("/live")
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"
    with count_sql() as sql:
        again = client.get("/live", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, len(sql)) == (304, b"", 1)
    assert "Set-Cookie" not in again.headers


def test_within_a_second_the_database_is_asked_once(fresh_app, count_sql, monkeypatch):
    monkeypatch.setattr(pulses, "_FRESH", 60.0)
    client = fresh_app.test_client()
    with count_sql() as sql:
        for _ in range(5):
            client.get("/live")
    assert len(sql) == 1


def test_each_word_changes_with_its_thing_alone(fresh_app, make_fresh):
    client = fresh_app.test_client()
    teacher = make_fresh.facilitator()
    log = make_fresh.log(make_fresh.offering(teacher))
    before = words(client)
    tell(fresh_app, teacher, "one")
    told = words(client)
    assert (told["notices"] != before["notices"], told["work"]) == (True, before["work"])
    with fresh_app.app_context():
        db.session.execute(update(ActivityLog).where(ActivityLog.id == log.id).values(submitted_at=log.due_at))
        db.session.commit()
    submitted = words(client)
    assert (submitted["work"] != told["work"], submitted["notices"]) == (True, told["notices"])
    assert all(re.fullmatch("[0-9a-f]{12}", word) for word in submitted.values())


def test_the_numbers_alone_are_those_of_the_page(client, make, sign_in, frozen_time, app):
    course = make.offering(make.facilitator(), weeks=6)
    with app.app_context():
        plan_logs([course.id], RULES)
        db.session.commit()
    sign_in(client, make.manager())
    page, part = client.get("/compliance/?week=2026-10-05").text, client.get("/compliance/numbers?week=2026-10-05").text
    pattern = r'id="number-(\w+)"[^>]*><b>(\d+)</b>'
    assert re.findall(pattern, part) == re.findall(pattern, page)
    assert len(re.findall(pattern, part)) == 5
    assert client.get("/compliance/numbers?q=nothing").status_code == 204


def test_a_page_that_follows_keeps_its_address_and_its_filters(client, make, sign_in):
    sign_in(client, make.manager())
    answer = client.get("/compliance/", headers={"HX-Request": "true", "X-Live": "1"})
    assert "HX-Push-Url" not in answer.headers
    assert "hx-partial" not in answer.text


@pytest.mark.browser
def test_numbers_and_bell_follow_within_ten_seconds(
    fresh_app, live_server, new_page, browser_sign_in, make_fresh, frozen_time
):
    manager, teacher = make_fresh.manager(), make_fresh.facilitator()
    course = make_fresh.offering(teacher, weeks=6)
    with fresh_app.app_context():
        plan_logs([course.id], RULES)
        db.session.commit()
    page = new_page()
    browser_sign_in(page, manager)
    page.goto("/compliance/?week=2026-10-05")
    missing = page.locator("#number-missing b")
    expect(missing).to_have_text("1")
    page.wait_for_load_state("networkidle")
    with fresh_app.app_context():
        week = update(ActivityLog).where(ActivityLog.week_number == 2)
        db.session.execute(week.values(started_at=ActivityLog.due_at, submitted_at=ActivityLog.due_at))
        db.session.commit()
    tell(fresh_app, manager, "one")
    expect(missing).to_have_text("0", timeout=10_000)
    expect(page.locator("#bell .count")).to_have_text("1")
    assert page.url.endswith("/compliance/?week=2026-10-05")
