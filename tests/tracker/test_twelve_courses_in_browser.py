"""A facilitator with twelve courses does the week by keyboard alone."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.extensions import db
from portal.tracker.models import ActivityLog, ActivityLogItem, ItemStatus

pytestmark = pytest.mark.browser
COURSES = 12
MOST_PRESSES = 100


class Keyboard:
    """Counts what is pressed."""

    def __init__(self, page) -> None:
        self.page, self.pressed = page, 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.pressed += 1


@pytest.fixture
def teacher(make_fresh):
    person = make_fresh.facilitator()
    for number in range(COURSES):
        module = make_fresh.module(code=f"M{number:02}", name=f"Module {number:02}")
        make_fresh.log(make_fresh.offering(person, module_id=module.id), 3)
    return person


@pytest.fixture
def page(live_server, new_page, browser_sign_in, teacher):
    shown = new_page()
    browser_sign_in(shown, teacher)
    shown.goto("/tracker/")
    return shown


def to_first_switch(keys):
    focused = keys.page.locator(".switch input:focus")
    while not focused.count():
        keys.press("Tab")
        assert keys.pressed < 30, "the first switch is too far down"


def submitted(app):
    with app.app_context():
        return [log.id for log in db.session.scalars(select(ActivityLog)) if log.submitted_at is not None]


def test_every_week_done_and_submitted(page, fresh_app):
    keys = Keyboard(page)
    to_first_switch(keys)
    for number in range(COURSES):
        keys.press("a")
        keys.press("s")
        # As a person does: go on when the week is seen to be submitted.
        expect(page.locator("article.closed")).to_have_count(number + 1)
    expect(page.get_by_text("Nothing is owed.")).to_be_visible()
    assert len(submitted(fresh_app)) == COURSES
    with fresh_app.app_context():
        assert set(db.session.scalars(select(ActivityLogItem.status))) == {ItemStatus.DONE}
    assert keys.pressed <= MOST_PRESSES, keys.pressed


def test_each_item_by_itself(page, fresh_app):
    """Down the courses with the first item, up with the second, down with the third; then submitted from below."""
    keys = Keyboard(page)
    to_first_switch(keys)
    for way in ("ArrowDown", "ArrowUp", "ArrowDown"):
        for number in range(COURSES):
            keys.press("3")
            if number < COURSES - 1:
                keys.press(way)
        if way != "ArrowDown" or keys.pressed < 40:
            keys.press("Tab")
    expect(page.locator(".log .end .primary")).to_have_count(COURSES)
    for number in range(COURSES):
        keys.press("s")
        expect(page.locator("article.closed")).to_have_count(number + 1)
    expect(page.get_by_text("Nothing is owed.")).to_be_visible()
    assert len(submitted(fresh_app)) == COURSES
    assert keys.pressed <= MOST_PRESSES, keys.pressed


def test_what_is_not_done_asks_before_it_is_submitted(page, fresh_app):
    keys = Keyboard(page)
    to_first_switch(keys)
    keys.press("2")
    page.wait_for_load_state("networkidle")
    keys.press("s")
    expect(page.get_by_role("button", name="Go back")).to_be_focused()
    keys.press("Enter")
    assert submitted(fresh_app) == []
    # The letters are letters where somebody writes.
    page.locator("details.notes summary").first.click()
    page.locator("details.notes textarea").first.press_sequentially("as")
    page.wait_for_load_state("networkidle")
    assert submitted(fresh_app) == []
