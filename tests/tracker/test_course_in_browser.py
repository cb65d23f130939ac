"""The weeks of a course in a real browser: one opens in its place, is filled in there, and its row follows."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def teacher(make_fresh):
    return make_fresh.facilitator()


@pytest.fixture
def course(make_fresh, teacher):
    """A course with two students, in its third week; its second is owed."""
    made = make_fresh.offering(teacher)
    for name in ("Ada", "Béa"):
        make_fresh.enrolment(made, make_fresh.student(first_name=name, last_name="Khan"))
    for week in (2, 3, 4):
        make_fresh.log(made, week)
    return made


@pytest.fixture
def open_course(live_server, new_page, browser_sign_in, teacher, course):
    def do(**look):
        shown = new_page(**look)
        browser_sign_in(shown, teacher)
        shown.goto(f"/tracker/courses/{course.id}")
        return shown

    return do


def test_a_week_is_opened_filled_in_and_handed_in_by_keyboard_alone(open_course):
    page = open_course()
    week = page.locator("tbody", has=page.get_by_role("link", name="Week 3", exact=True))
    page.get_by_role("link", name="Week 3", exact=True).focus()
    page.keyboard.press("Enter")
    expect(week.get_by_role("button", name="Submit week 3")).to_be_visible()
    # The reader stays where they were, and the address of the page is the same.
    expect(page.get_by_role("link", name="Week 3", exact=True)).to_be_focused()
    expect(page.get_by_role("link", name="Week 3", exact=True)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    expect(week.get_by_role("button", name="All done")).to_be_focused()
    page.keyboard.press("Enter")
    expect(week.locator("td.item .done")).to_have_count(3)
    week.get_by_role("button", name="Submit week 3").focus()
    page.keyboard.press("Enter")
    expect(week.locator("tr").first).to_contain_text("On time")
    page.get_by_role("link", name="Week 3", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Week 3", exact=True)).to_have_attribute("aria-expanded", "false")
    expect(week.locator(".within")).to_have_count(0)


def test_two_weeks_stand_open_with_their_sheets(open_course):
    page = open_course()
    for number, mark in ((2, "Absent"), (3, "Present")):
        week = page.locator("tbody", has=page.get_by_role("link", name=f"Week {number}", exact=True))
        page.get_by_role("link", name=f"Week {number}", exact=True).click()
        week.locator("summary", has_text="Attendance").click()
        week.get_by_role("group", name="Ada Khan").get_by_text(mark, exact=True).click()
        expect(week.locator(".said")).to_contain_text("1 of 2 present" if mark == "Present" else "0 of 2 present")
    expect(page.locator(".sheet")).to_have_count(2)


@pytest.mark.parametrize("phone", [False, True])
def test_it_is_accessible_and_never_scrolls_sideways(open_course, axe, phone):
    page = open_course(**(PHONE if phone else {}))
    page.locator("tbody th a").nth(1).click()
    page.locator(".within .part summary").first.click()
    expect(page.locator(".sheet")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
