"""Signing in with a provider in Chromium, through the provider's own pages."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser import PHONE
from tests.support.openid import use
from tests.support.people import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def offered(live_server, provider, monkeypatch) -> Iterator[str]:
    """The portal's address, with the provider set."""
    use(live_server.app, monkeypatch, **provider.settings(oidc_name="Campus ID"))
    return live_server.url


def test_a_person_of_the_institution_comes_in(offered, new_page, axe):
    page = new_page(**PHONE)
    page.goto("/notifications/")
    assert axe(page) == []
    page.get_by_role("link", name="Continue with Campus ID").click()
    page.get_by_role("link", name="ada", exact=True).click()
    page.wait_for_url(f"{offered}/notifications/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_who_does_not_want_to_is_told_so(offered, page):
    page.goto("/login")
    page.get_by_role("link", name="Continue with Campus ID").click()
    page.get_by_role("link", name="nobody").click()
    page.wait_for_url(re.compile("/login"))
    expect(page.get_by_text("you called it off")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_owner_signs_in_once_then_never_again(offered, new_page, make_fresh, axe, scripts):
    grace = make_fresh.facilitator(email="grace@elsewhere.example", password=PASSWORD)
    page = new_page(java_script_enabled=scripts)
    page.goto("/login")
    page.get_by_role("link", name="Continue with Campus ID").click()
    page.get_by_role("link", name="grace").click()
    expect(page.get_by_text("Sign in once with your password")).to_be_visible()
    if scripts:
        assert axe(page) == []
    expect(page.get_by_label("Email")).to_have_value(grace.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{offered}/tracker/")
    page.goto("/profile/connections")
    expect(page.get_by_role("main")).to_contain_text("grace@elsewhere.example")
    page.context.clear_cookies(domain="127.0.0.1", name="portal")
    page.goto("/login")
    page.get_by_role("link", name="Continue with Campus ID").click()  # the provider still knows them
    page.wait_for_url(f"{offered}/tracker/")


def test_accounts_are_connected_and_disconnected(offered, page, make_fresh, browser_sign_in, axe):
    browser_sign_in(page, make_fresh.student(password=PASSWORD))
    page.goto("/profile/connections")
    assert axe(page) == []
    page.get_by_role("link", name="Connect Campus ID").click()
    page.get_by_role("link", name="grace").click()
    page.wait_for_url(f"{offered}/profile/connections")
    expect(page.get_by_role("main")).to_contain_text("grace@elsewhere.example")
    assert axe(page) == []
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("heading", name="Nothing is connected")).to_be_visible()


def test_the_administrator_checks_the_provider(offered, page, make_fresh, browser_sign_in, axe):
    browser_sign_in(page, make_fresh.admin())
    page.goto("/admin/sign-in")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("It knows the portal's client id and secret.")).to_be_visible()
    expect(page.get_by_text(f"{offered}/sign-in/oidc/callback")).to_be_visible()
    assert axe(page) == []
