"""The pages of one's own account as people meet them: small, dark, in French, without scripts, by keyboard."""

import json

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.accounts.models import OneTimeToken, User
from portal.accounts.services import Purpose
from portal.accounts.services import notification_address as addresses
from portal.accounts.services.tokens import derive_token
from portal.audit.services import System
from portal.extensions import db
from tests.support.browser import LOOKS, PHONE
from tests.support.people import PASSWORD

pytestmark = pytest.mark.browser

LONG = "a.rather.long.address.for.notifications@department.university.example.org"


@pytest.fixture
def person(make_fresh):
    make_fresh.admin()
    return make_fresh.facilitator(password=PASSWORD, first_name="Ada", last_name="Uwase")


@pytest.fixture
def link(fresh_app, person):
    """The address of the link to a new address for notifications, which waits for its confirmation."""
    key = fresh_app.config["SECRET_KEY"]
    with fresh_app.app_context():
        addresses.choose_address(person.user_id, LONG, key, System())
        db.session.commit()
        nonce = db.session.scalar(select(OneTimeToken.nonce).where(OneTimeToken.user_id == person.user_id))
    return f"/profile/address/{derive_token(key, Purpose.NOTIFICATION_ADDRESS, nonce)}"


@pytest.fixture
def kept(fresh_app, person):
    def read(*columns):
        with fresh_app.app_context():
            return db.session.execute(select(*columns).where(User.id == person.user_id)).one()

    return read


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_they_keep_to_wcag_and_never_scroll_sideways(
    new_page, axe, browser_sign_in, person, link, language, scheme, size
):
    page = new_page(viewport=size, color_scheme=scheme)
    browser_sign_in(page, person)

    def look():
        assert axe(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url

    for address in ("/profile", "/profile/data", "/profile/data/deletion", link, "/profile/address/none"):
        page.goto(f"/lang/{language}?next={address}")
        look()
    page.goto("/profile")
    page.locator("#first_name").fill(" ")
    page.locator("#last_name").press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    look()
    page.goto("/profile/data")
    page.locator("[data-opens=ask-deletion]").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look()


def test_a_profile_is_kept_by_keyboard_alone(page, browser_sign_in, person, kept):
    browser_sign_in(page, person)
    page.goto("/profile")
    page.locator("#first_name").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Adèle")
    for text in ("", "Dr", "I teach."):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    expect(page.locator("#bio-left")).to_have_text("1992 characters left")
    page.keyboard.press("Tab")
    page.keyboard.type("Fr")
    page.keyboard.press("Tab")
    page.keyboard.type("Kigali")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    wanted = (User.first_name, User.last_name, User.title, User.bio, User.locale, User.time_zone)
    assert kept(*wanted) == ("Adèle", "Uwase", "Dr", "I teach.", "fr", "Africa/Kigali")


def test_lines_and_odd_signs_come_back_as_they_were_typed(page, browser_sign_in, person, kept):
    browser_sign_in(page, person)
    page.goto("/profile")
    written = 'Two\n\nlines, "quotes", <b>, & 🙂\n\tand a tab'
    page.locator("#bio").fill(written)
    page.locator("#title").press("Enter")
    page.wait_for_url("**/profile")
    expect(page.locator("#bio")).to_have_value(written)
    page.locator("#title").fill("Dr")
    page.locator("#title").press("Enter")
    expect(page.locator("#title")).to_have_value("Dr")
    assert kept(User.bio, User.title) == (written, "Dr")


def test_without_scripts_a_phone_does_all_of_it(new_page, browser_sign_in, person, link, kept, tmp_path):
    page = new_page(**PHONE, java_script_enabled=False)
    browser_sign_in(page, person)
    page.goto("/")
    page.locator("details.account summary").click()
    page.get_by_role("link", name="Profile").click()
    page.locator("#title").fill("Dr")
    page.get_by_role("button", name="Save your profile").click()
    expect(page.locator("#title")).to_have_value("Dr")
    page.get_by_role("button", name="Withdraw this address").click()
    expect(page.get_by_role("button", name="Withdraw this address")).to_have_count(0)
    page.get_by_role("link", name="Your data").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download your data").click()
    download.value.save_as(tmp_path / "mine.json")
    assert json.loads((tmp_path / "mine.json").read_text())["account"]["title"] == "Dr"
    page.get_by_role("link", name="Delete my account").click()
    page.locator("#password").fill("not my password")
    page.get_by_role("button", name="Ask for deletion").click()
    expect(page.locator("#password-error")).to_be_visible()
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Ask for deletion").click()
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_role("link", name="Delete my account")).to_be_visible()
    assert kept(User.deletion_asked_at) == (None,)


def test_the_dialog_asks_for_deletion_and_escape_does_not(page, browser_sign_in, person, kept):
    browser_sign_in(page, person)
    page.goto("/profile/data")
    page.get_by_role("button", name="Delete my account").click()
    dialog = page.get_by_role("dialog", name="Delete your account?")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Delete my account").click()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Delete my account").click()
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Ask for deletion").click()
    expect(page.get_by_role("button", name="Keep my account")).to_be_visible()
    assert kept(User.deletion_asked_at) != (None,)


def test_the_link_of_a_mail_works_in_a_browser_without_scripts(new_page, person, link, kept):
    page = new_page(**PHONE, java_script_enabled=False)
    page.goto(link)
    assert kept(User.notification_email) == (None,)
    page.get_by_role("button", name="Use this address").click()
    expect(page.get_by_role("heading", name="The address is confirmed")).to_be_visible()
    assert kept(User.notification_email) == (LONG,)
