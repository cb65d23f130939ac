"""The single keys / and ?, and the way to switch them off (WCAG 2.1.4)."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_help_key_opens_the_keyboard_map_until_it_is_switched_off(make_fresh, page, browser_sign_in):
    browser_sign_in(page, make_fresh.manager())
    page.goto("/allocations/")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.get_by_label("Use the keys / and ?").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.reload()
    page.keyboard.press("/")
    expect(page.locator("input[type=search]:focus")).to_have_count(0)


def test_the_search_key_goes_to_the_search(make_fresh, page, browser_sign_in):
    browser_sign_in(page, make_fresh.manager())
    page.goto("/allocations/")
    page.keyboard.press("/")
    expect(page.locator("input[type=search]:focus")).to_have_count(1)
