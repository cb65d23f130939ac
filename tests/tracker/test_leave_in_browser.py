"""Leave in a real browser: entered with the type-ahead, taken back, readable on a phone and in the dark."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.support.browser import LOOKS

pytestmark = pytest.mark.browser


@pytest.fixture
def course(make_fresh):
    """A course of somebody who will be away, with its weekly logs."""
    siya = make_fresh.facilitator(first_name="Siya", last_name="Bhat")
    made = make_fresh.offering(siya)
    for week in range(1, 5):
        make_fresh.log(made, week)
    return made


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_leave_is_entered_and_taken_back_and_the_page_is_accessible(
    new_page, browser_sign_in, axe, make_fresh, course, size, scheme, language
):
    page = new_page(viewport=size, color_scheme=scheme, locale=language)
    browser_sign_in(page, make_fresh.manager())
    page.goto("/leave/")
    person = page.get_by_role("combobox").first
    person.press_sequentially("bhat")
    expect(page.locator(".list:visible [role=option]")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    chosen = person.input_value()
    page.locator("[name=first_day]").fill(course.start_date.isoformat())
    page.locator("[name=last_day]").fill((course.start_date - timedelta(days=1)).isoformat())
    page.locator("[name=reason]").fill("Congé 😀")
    page.locator("form.form .button.primary").click()
    # What is wrong is said, and what was chosen is still there.
    expect(page.locator(".wrong")).to_be_visible()
    assert "Siya Bhat" in chosen
    expect(person).to_have_value(chosen)
    assert axe(page) == []
    page.locator("[name=last_day]").fill(course.end_date.isoformat())
    page.locator("form.form .button.primary").click()
    row = page.locator("table.leaves tbody tr")
    expect(row).to_contain_text("Congé 😀")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    row.get_by_role("button").click()
    expect(row).to_have_count(0)
