"""Registering, and passwords set or changed, as people meet it: small, dark, by keyboard, without scripts."""

import pytest
from playwright.sync_api import expect

from portal.accounts.services import Purpose
from portal.accounts.services.tokens import issue_token
from portal.extensions import db
from tests.support.browser import PHONE
from tests.support.letters import link_of
from tests.support.people import PASSWORD

pytestmark = pytest.mark.browser

GOOD = "four words in a row"


@pytest.fixture
def link_for(fresh_app):
    """The address in a mail for this purpose."""

    def do(person, purpose: Purpose) -> str:
        paths = {Purpose.RESET: "/password/reset", Purpose.INVITATION: "/invitations", Purpose.CONFIRMATION: "/confirm"}
        with fresh_app.app_context():
            token = issue_token(person.user_id, purpose, "a key").token
            db.session.commit()
        return f"{paths[purpose]}/{token}"

    return do


def fill_in(page, password=GOOD):
    page.get_by_label("First name").fill("Aline")
    page.get_by_label("Last name").fill("Uwase")
    page.get_by_label("Email").fill("aline@example.org")
    page.get_by_label("New password").fill(password)
    page.get_by_label("The same password again").fill(password)


@pytest.mark.parametrize("options", [{"viewport": {"width": 1280, "height": 800}}, PHONE], ids=["desk", "phone"])
def test_they_keep_to_wcag_and_never_scroll_sideways(
    fresh_app, new_page, browser_sign_in, axe, make_fresh, link_for, options
):
    person = make_fresh.student(password=PASSWORD)
    page = new_page(**options)

    def look() -> None:
        assert axe(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url

    links = [link_for(person, purpose) for purpose in (Purpose.RESET, Purpose.INVITATION, Purpose.CONFIRMATION)]
    addresses = ["/register", "/password/forgot", "/password/reset/none", "/confirm/none", *links]
    for address in addresses:
        page.goto(address)
        look()
    page.goto("/register")
    page.get_by_label("New password").press_sequentially("aaaaaaaaaaaa")
    expect(page.get_by_role("status").filter(has_text="Easy to guess")).to_be_visible()
    look()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_be_focused()
    look()
    fill_in(page)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    look()
    browser_sign_in(page, person)
    page.goto("/profile/password")
    look()
    page.get_by_role("button", name="Change your password").click()
    expect(page.get_by_role("alert")).to_be_focused()
    look()


def test_the_live_word_follows_what_is_typed(page, sent):
    page.goto("/register")
    page.get_by_label("First name").fill("Zebulon")
    page.get_by_label("Last name").fill("Quagmire")
    word = page.locator("#strength")
    expect(word).to_have_text("")
    new = page.get_by_label("New password")
    for typed, said in (
        ("short", "Will not do yet"),
        ("aaaaaaaaaaaa", "Easy to guess"),
        ("zebulon quagmire", "Your name, your address"),
        (GOOD, "Very hard to guess"),
    ):
        new.fill("")
        new.press_sequentially(typed)
        expect(word).to_contain_text(said)
    new.fill("")
    expect(word).to_have_text("")


def test_what_is_typed_can_be_shown_and_is_sent_as_a_password(page, sent):
    page.goto("/register")
    fill_in(page)
    show = page.get_by_role("button", name="Show what I type")
    new = page.get_by_label("New password")
    expect(new).to_have_attribute("type", "password")
    show.focus()
    page.keyboard.press("Space")
    expect(show).to_have_attribute("aria-pressed", "true")
    expect(new).to_have_attribute("type", "text")
    expect(page.get_by_label("The same password again")).to_have_attribute("type", "text")
    kinds = page.evaluate(
        """() => new Promise((done) => {
          const form = document.querySelector("form");
          form.addEventListener("submit", (event) => { event.preventDefault(); done(form.password.type); });
          form.requestSubmit();
        })"""
    )
    assert kinds == "password"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_registering_to_a_new_password_on_a_phone(fresh_app, new_page, sent, scripts):
    page = new_page(java_script_enabled=scripts, **PHONE)

    def follow() -> None:
        with fresh_app.app_context():
            page.goto(link_of(sent.letters[-1]))

    page.goto("/login")
    page.get_by_role("link", name="Register").click()
    expect(page.get_by_text("At least 10 characters.")).to_be_visible()
    fill_in(page, "aline-uwase-1")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("This password is too easy to guess.")
    expect(page.get_by_label("Email")).to_have_value("aline@example.org")
    fill_in(page)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    follow()
    expect(page.get_by_text("aline@example.org")).to_be_visible()
    page.get_by_label("The password that you chose").fill(GOOD)
    page.get_by_role("button", name="Confirm and sign in").click()
    page.wait_for_url("**/courses/")

    page.goto("/profile/password")
    page.get_by_label("Present password").fill(GOOD)
    page.get_by_label("New password").fill("another good one here")
    page.get_by_label("The same password again").fill("another good one here")
    page.get_by_role("button", name="Change your password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()

    page.context.clear_cookies()
    page.goto("/login")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("Email").fill("aline@example.org")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    follow()
    page.get_by_label("New password").fill(GOOD)
    page.get_by_label("The same password again").fill(GOOD)
    page.get_by_role("button", name="Set the new password and sign in").click()
    page.wait_for_url("**/courses/")
    follow()
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()


def test_by_keyboard_alone(page, sent):
    page.goto("/register")
    expect(page.get_by_label("First name")).to_be_focused()
    for typed in ("Aline", "Uwase", "aline@example.org"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show what I type")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type(GOOD)
    expect(page.locator("#strength")).to_contain_text("Very hard to guess")
    page.keyboard.press("Tab")
    page.keyboard.type(GOOD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()


def test_without_scripts_no_button_stands_there_that_does_nothing(new_page):
    page = new_page(java_script_enabled=False)
    page.goto("/register")
    expect(page.get_by_role("button", name="Show what I type")).to_have_count(0)
    expect(page.get_by_text("At least 10 characters.")).to_be_visible()


def test_the_page_of_a_link_tells_the_next_page_the_host_alone(page, make_fresh, link_for):
    page.goto(link_for(make_fresh.student(password=PASSWORD), Purpose.RESET))
    with page.expect_request("**/login") as caught:
        page.locator("a.brand").click()
    assert caught.value.headers["referer"].count("/") == 3
