"""A week's sheet in a real browser: it saves itself, by keyboard alone, and says so when it cannot."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.extensions import db
from portal.tracker.models import Attendance
from tests.support.browser import LOOKS, PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def teacher(make_fresh):
    """Whoever teaches the course."""
    return make_fresh.facilitator()


@pytest.fixture
def course(make_fresh, teacher):
    """A course with three students."""
    made = make_fresh.offering(teacher)
    for name in ("Ada", "Béa", "Chidi"):
        make_fresh.enrolment(made, make_fresh.student(first_name=name, last_name="Khan"))
    return made


@pytest.fixture
def sheet(make_fresh, course):
    """The address of its sheet of this week."""
    return f"/tracker/logs/{make_fresh.log(course, 3).id}/attendance"


@pytest.fixture
def page(live_server, new_page, browser_sign_in, teacher):
    """A browser of theirs."""
    shown = new_page()
    browser_sign_in(shown, teacher)
    return shown


def marks(app):
    """The marks that are stored, in the order of the sheet."""
    with app.app_context():
        return [state.value for state in db.session.scalars(select(Attendance.state).order_by(Attendance.position))]


def test_everyone_is_present_and_then_exceptions_by_keyboard_alone(fresh_app, page, sheet):
    page.goto(sheet)
    page.get_by_role("button", name="All present").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("3 of 3 present")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("3")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("2")
    expect(page.locator(".said")).to_contain_text("2 of 3 present")
    expect(page.locator(".said")).to_contain_text(re.compile(r"Saved \d\d:\d\d"))
    expect(page.get_by_role("group", name="Chidi Khan").get_by_label("Late")).to_be_focused()
    assert marks(fresh_app) == ["present", "absent", "late"]


def test_what_cannot_be_saved_stays_and_is_tried_again(
    fresh_app, chromium, live_server, browser_sign_in, teacher, sheet
):
    # A page of its own: the failure that is wanted here stands in the console too.
    page = chromium.new_page(base_url=live_server.url, locale="en-GB")
    browser_sign_in(page, teacher)
    page.goto(sheet)
    page.context.set_offline(True)
    page.get_by_role("group", name="Ada Khan").get_by_text("Absent").click()
    expect(page.locator(".said")).to_contain_text("Not saved.")
    expect(page.get_by_role("group", name="Ada Khan").get_by_label("Absent")).to_be_checked()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".said")).to_contain_text("0 of 3 present")
    assert marks(fresh_app) == ["absent"]
    page.context.close()


def test_marks_set_while_another_is_on_its_way_are_saved_too(fresh_app, page, sheet):
    page.goto(sheet)
    for name, mark in (("Ada", "Absent"), ("Béa", "Late"), ("Ada", "Present"), ("Chidi", "Excused")):
        page.get_by_role("group", name=f"{name} Khan").get_by_text(mark).click()
        page.wait_for_timeout(450)
    expect(page.locator(".said")).to_contain_text("2 of 3 present")
    expect(page.locator(".said")).not_to_contain_text("not marked")
    expect(page.locator(".refused")).to_have_count(0)
    assert marks(fresh_app) == ["present", "late", "excused"]


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_pages_are_accessible_and_never_scroll_sideways(
    live_server, new_page, browser_sign_in, make_fresh, axe, sheet, course, size, scheme, language
):
    shown = new_page(viewport=size, color_scheme=scheme)
    browser_sign_in(shown, make_fresh.manager(locale=language))
    counted = make_fresh.log(make_fresh.offering(make_fresh.facilitator()), 1)
    for address in (sheet, f"/tracker/courses/{course.id}/attendance", f"/tracker/logs/{counted.id}/attendance"):
        shown.goto(address)
        assert axe(shown) == [], address
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_the_open_sheet_is_accessible_on_a_phone(new_page, browser_sign_in, teacher, axe, sheet):
    shown = new_page(**PHONE)
    browser_sign_in(shown, teacher)
    shown.goto(sheet)
    shown.get_by_role("button", name="All present").click()
    expect(shown.locator(".said")).to_contain_text("3 of 3 present")
    assert axe(shown) == []
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
