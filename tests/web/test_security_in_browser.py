"""What only a browser can show: that nothing is left on the screen after signing out, and how it reads addresses."""

from itertools import product

import pytest
from playwright.sync_api import expect

from portal.web.locale import safe_next
from tests.support.browser import ARGUMENTS, find_chromium
from tests.web.test_redirects import ELSEWHERE, PIECES, as_a_browser_reads

READ = """addresses => addresses.map(address => {
  try { return new URL(address, 'https://portal.example/login').host } catch { return null }
})"""
pytestmark = pytest.mark.browser


@pytest.fixture
def remembering_page(chromium, live_server, leave_out):
    """A page of a browser that keeps pages whole for the back button: the shell without windows cannot."""
    program = find_chromium(whole=True) or leave_out("chromium is not installed")
    options = {"executable_path": program, "args": ARGUMENTS}
    browser = chromium.browser_type.launch(**options, ignore_default_args=["--disable-back-forward-cache"])
    yield browser.new_context(base_url=live_server.url).new_page()
    browser.close()


@pytest.mark.parametrize("steps", [1, 2])
def test_after_signing_out_the_back_button_shows_nothing(remembering_page, browser_sign_in, make_fresh, steps):
    page, person = remembering_page, make_fresh.admin(first_name="Wilhelmina")
    browser_sign_in(page, person)
    page.goto("/login")
    page.evaluate("localStorage.setItem('portal-theme', 'dark')")
    page.goto("/notifications/")
    page.goto(f"/admin/users/{person.user_id}")
    expect(page.get_by_text("Wilhelmina").first).to_be_attached()
    page.locator("details.menu > summary").last.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url("/login")
    page.evaluate(f"history.go({-steps})")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "Wilhelmina" not in page.content()
    assert page.evaluate("localStorage.getItem('portal-theme')") == "dark"


def test_the_back_button_works_as_ever_before(remembering_page, browser_sign_in, make_fresh):
    page, person = remembering_page, make_fresh.admin()
    browser_sign_in(page, person)
    page.goto("/admin/audit/")
    page.locator("#filter-request").evaluate("field => { field.value = 'half typed'; window.same = true }")
    page.goto("/notifications/")
    page.evaluate("history.back()")
    expect(page).to_have_url("/admin/audit/")
    assert page.evaluate("window.same")
    expect(page.locator("#filter-request")).to_have_value("half typed")


def test_the_tests_read_addresses_as_a_browser_does(app, page):
    """Wherever a browser would go elsewhere, the reading of test_redirects.py says so too."""
    page.goto("/login")
    made = ["".join(pieces) for length in (2, 3, 4) for pieces in product(PIECES[:10], repeat=length)]
    addresses = [*ELSEWHERE, *made]
    hosts = page.evaluate(READ, addresses)
    led_away = [address for address, host in zip(addresses, hosts, strict=True) if host not in {None, "portal.example"}]
    assert len(led_away) > 500
    assert [address for address in led_away if as_a_browser_reads(address) == "portal.example"] == []
    with app.test_request_context():
        kept = [safe_next(address) for address in addresses]
    assert set(page.evaluate(READ, kept)) == {"portal.example"}
