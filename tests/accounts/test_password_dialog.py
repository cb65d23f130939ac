"""A session that ends in mid-work: the page asks for the password and does what was asked."""

import pytest
from flask import request
from flask_wtf.csrf import generate_csrf
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from portal.accounts.entering import Step, add_step, go_on
from portal.catalogue.calendar import rules_of
from portal.extensions import db
from portal.tracker.models import ActivityLogItem, ItemStatus
from portal.tracker.services import plan_logs
from portal.web.access import public
from tests.support.people import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def facilitator(fresh_app, make_fresh):
    person = make_fresh.facilitator(password=PASSWORD)
    make_fresh.offering(facilitator=person, weeks=12, weeks_ago=0)
    with fresh_app.app_context():
        plan_logs(None, rules_of(fresh_app.config["PORTAL"]))
        db.session.commit()
    return person


def statuses(app) -> list[ItemStatus]:
    with app.app_context():
        return [status for status in db.session.scalars(select(ActivityLogItem.status)) if status != "Not Started"]


def tick(page: Page) -> None:
    page.locator(".switch-form").first.locator("label", has_text="Done").click()


def first_done(page: Page) -> Locator:
    return page.get_by_role("group", name="Formative one grading").get_by_label("Done")


def test_a_tick_after_the_session_ended_is_saved_once_the_password_is_given(
    fresh_app, page, browser_sign_in, facilitator
):
    browser_sign_in(page, facilitator)
    page.goto("/tracker/")
    page.context.clear_cookies()
    tick(page)
    dialog = page.locator("#reauth")
    expect(dialog).to_be_visible()
    assert statuses(fresh_app) == []

    dialog.get_by_label("Password").fill("not-the-password")
    dialog.get_by_role("button", name="Sign in and go on").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Email or password is wrong")

    dialog.get_by_label("Password").fill(PASSWORD)
    with page.expect_response(lambda answer: "/items/" in answer.url and answer.status == 200):
        dialog.get_by_role("button", name="Sign in and go on").click()
    expect(dialog).not_to_be_visible()
    expect(first_done(page)).to_be_checked()
    assert statuses(fresh_app) == [ItemStatus.DONE]
    page.reload()
    expect(first_done(page)).to_be_checked()


def test_closing_the_dialog_turns_the_tick_back(fresh_app, page, browser_sign_in, facilitator):
    browser_sign_in(page, facilitator)
    page.goto("/tracker/")
    page.context.clear_cookies()
    tick(page)
    page.locator("#reauth").get_by_role("button", name="Not now").click()
    expect(first_done(page)).not_to_be_checked()
    assert statuses(fresh_app) == []


def test_too_many_wrong_passwords_are_said_in_the_dialog(page, browser_sign_in, facilitator):
    browser_sign_in(page, facilitator)
    page.goto("/tracker/")
    page.context.clear_cookies()
    page.route("**/login", lambda route: route.fulfill(status=429, json={"error": "Too many attempts."}))
    tick(page)
    dialog = page.locator("#reauth")
    dialog.get_by_label("Password").fill("not-the-password")
    dialog.get_by_role("button", name="Sign in and go on").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Too many attempts.")


def test_a_page_of_someone_else_is_loaded_anew_and_does_nothing(
    fresh_app, page, browser_sign_in, facilitator, make_fresh
):
    other = make_fresh.facilitator(first_name="Beatrix", last_name="Other")
    browser_sign_in(page, facilitator)
    page.goto("/tracker/")
    page.context.clear_cookies()
    browser_sign_in(page, other)
    with page.expect_event("load"):
        tick(page)
    expect(page.get_by_text("Account, Beatrix Other")).to_be_attached()
    assert statuses(fresh_app) == []


def test_a_further_proof_has_its_own_page_and_leads_back(fresh_app, page, browser_sign_in, facilitator):
    @public
    def ask():
        if request.method == "POST":
            return go_on("colour")
        return f'<form method="post"><input name="csrf_token" value="{generate_csrf()}"><button>Blue</button></form>'

    fresh_app.add_url_rule("/login/colour", "colour", ask, methods=["GET", "POST"])
    add_step(fresh_app, Step("colour", lambda _: True, lambda _: "/login/colour"))
    browser_sign_in(page, facilitator)
    page.goto("/tracker/?q=a")
    page.context.clear_cookies()
    tick(page)
    page.locator("#reauth").get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    page.get_by_role("button", name="Blue").click()
    page.wait_for_url("**/tracker/?q=a")
    expect(first_done(page)).not_to_be_checked()
