"""The signed-out pages and the student's page as people meet them: dark, small, without scripts, by keyboard."""

import pytest
from playwright.sync_api import expect

from portal.accounts import services
from portal.audit.services import System
from portal.extensions import db
from tests.support.browser import LOOKS
from tests.support.people import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def student(make_fresh):
    person = make_fresh.student(password=PASSWORD)
    make_fresh.enrolment(make_fresh.offering(weeks=15, weeks_ago=8), person)
    return person


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_they_keep_to_wcag_and_never_scroll_sideways(fresh_app, new_page, axe, student, language, scheme, size):
    with fresh_app.app_context():
        token = services.invite(student.email, "a key", System()).token
        db.session.commit()
    page = new_page(viewport=size, color_scheme=scheme, locale=language)

    def look() -> None:
        assert axe(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url

    for address in ("/login", f"/invitations/{token}", "/invitations/none", "/no/such/page"):
        page.goto(address)
        look()
    page.goto("/login")
    page.locator("#email").fill(student.email)
    page.locator("#password").fill("not the password")
    page.locator("#password").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    look()
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url("**/courses/")
    look()


def test_by_keyboard_alone_and_without_scripts(new_page, student):
    page = new_page(java_script_enabled=False)
    page.goto("/courses/")
    expect(page.locator("#email")).to_be_focused()
    page.keyboard.type(student.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/courses/")
    page.locator("details.account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_after_a_wrong_password_the_cursor_waits_where_it_is_mended(page, student):
    page.goto("/login")
    page.get_by_label("Email").fill(student.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Email")).to_have_value(student.email)
    expect(page.get_by_label("Password")).to_have_value("")
