"""Toasts leave after ten seconds, but not while someone is at them."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SAY = "(text) => document.dispatchEvent(new CustomEvent('toast', {detail: {text, kind: 'problem', retry: () => {}}}))"


@pytest.fixture
def open_page(page, make_fresh, browser_sign_in):
    browser_sign_in(page, make_fresh.manager())
    page.clock.install()
    page.goto("/notifications/")
    return page


def test_a_toast_leaves_by_itself(open_page):
    open_page.evaluate(SAY, "Not saved.")
    expect(open_page.locator(".toast")).to_have_count(1)
    open_page.clock.fast_forward(11_000)
    expect(open_page.locator(".toast")).to_have_count(0)


def test_a_toast_with_the_focus_in_it_stays_when_the_mouse_passes_over(open_page):
    open_page.evaluate(SAY, "Not saved.")
    again = open_page.get_by_role("button", name="Try again")
    again.focus()
    again.hover()
    open_page.mouse.move(5, 5)
    open_page.clock.fast_forward(11_000)
    expect(again).to_be_focused()
    open_page.locator("#content").focus()
    open_page.clock.fast_forward(11_000)
    expect(open_page.locator(".toast")).to_have_count(0)


def test_a_fourth_toast_pushes_out_the_oldest_but_not_the_one_with_the_focus(open_page):
    open_page.evaluate(SAY, "One.")
    open_page.get_by_role("button", name="Try again").focus()
    for text in ("Two.", "Three.", "Four."):
        open_page.evaluate(SAY, text)
    expect(open_page.locator(".toast > span")).to_have_text(["One.", "Three.", "Four."])
    expect(open_page.get_by_role("button", name="Try again").first).to_be_focused()
