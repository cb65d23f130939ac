"""Looking after people in a browser: small, dark, in French, without scripts, by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from portal.accounts.models import OneTimeToken, User
from portal.accounts.services import invitations
from portal.audit.services import System
from portal.extensions import db
from portal.roles import Role
from tests.support.browser import LOOKS, PHONE
from tests.support.people import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def admin(make_fresh):
    return make_fresh.admin(first_name="Ada", last_name="Okafor", password=PASSWORD)


@pytest.fixture
def person(make_fresh):
    return make_fresh.facilitator(first_name="Zoé", last_name="O'Neill", profile={"department": "ENGI"})


@pytest.fixture
def kept(fresh_app):
    def read(person):
        with fresh_app.app_context():
            return db.session.get(User, person.user_id)

    return read


def count_open_invitations(app):
    with app.app_context():
        return db.session.query(OneTimeToken).filter_by(used_at=None).count()


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_they_keep_to_wcag_and_never_scroll_sideways(
    new_page, axe, browser_sign_in, fresh_app, make_fresh, admin, person, language, scheme, size
):
    manager, student = make_fresh.manager(), make_fresh.student(email=f"{'a' * 60}@{'b' * 60}.example.org")
    with fresh_app.app_context():
        invitations.invite_people([student.user_id], Role.ADMIN, "key", System(), renew=False)
        db.session.commit()
    page = new_page(viewport=size, color_scheme=scheme)
    browser_sign_in(page, admin)
    page.goto(f"/lang/{language}?next=/admin/users/")

    def look():
        assert axe(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url

    look()
    for address in ("?q=nobody", "invite", *(str(one.user_id) for one in (admin, person, manager, student))):
        page.goto(f"/admin/users/{address}")
        look()
    page.locator("[data-opens=delete]").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look()
    page.goto("/admin/users/invite")
    page.locator("#first_name").fill("Zoé")
    page.locator("#email").fill(person.email)
    page.locator("[name=role][value=student]").check()
    page.locator("form.profile button.primary").click()
    expect(page.get_by_role("alert")).to_be_focused()
    look()
    page.goto("/admin/users/")
    page.locator("button[value=all]").click()
    expect(page.locator(".plan")).to_be_visible()
    look()


def test_a_phone_shows_each_person_as_a_card(new_page, browser_sign_in, make_fresh, admin, person):
    make_fresh.student(first_name="Keihanaikukauakahihuliheekahaunaele", last_name="Featherstonehaugh-Smythe")
    page = new_page(**PHONE)
    browser_sign_in(page, admin)
    page.goto("/admin/users/")
    row = page.get_by_role("row", name="Zoé O'Neill")
    name, state = row.get_by_role("link").bounding_box(), row.locator(".state").bounding_box()
    assert state["y"] >= name["y"] + name["height"], "below each other, not side by side"
    expect(page.locator("thead")).not_to_be_in_viewport()
    card = page.get_by_role("row", name="Featherstonehaugh")
    link, tick = card.get_by_role("link").bounding_box(), card.get_by_role("checkbox").bounding_box()
    assert link["x"] + link["width"] <= tick["x"], "a long name ends before its tick"
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zoé O'Neill")


def test_a_filter_shows_at_once_and_stands_in_the_address(page, browser_sign_in, make_fresh, admin, person):
    make_fresh.student(first_name="Bo")
    browser_sign_in(page, admin)
    page.goto("/admin/users/")
    page.locator("#filter-q").press_sequentially("zoe")
    expect(page.get_by_role("row", name="Bo")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"\?q=zoe$"))
    expect(page.locator("#filter-q")).to_be_focused()
    expect(page.locator("#filter-department option")).to_have_text(["All", "ENGI (1)"])
    expect(page.locator("#live")).to_have_text("1 person")
    page.locator("#filter-department").select_option("ENGI")
    expect(page).to_have_url(re.compile("department=ENGI"))
    page.reload()
    expect(page.locator("#filter-department")).to_have_value("ENGI")
    page.locator("#filter-q").fill("")
    page.locator("#filter-sort").select_option("away")
    expect(page).to_have_url(re.compile(r"\?department=ENGI&sort=away$"))
    page.get_by_role("link", name="Clear filters").click()
    expect(page.get_by_role("row", name="Bo")).to_have_count(1)


def test_the_chosen_are_invited_by_keyboard_alone(page, browser_sign_in, fresh_app, make_fresh, admin, person):
    make_fresh.student()
    browser_sign_in(page, admin)
    page.goto("/admin/users/")
    page.get_by_role("checkbox", name="Choose Zoé O'Neill").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Invite the chosen").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 person gets a mail")).to_be_visible()
    assert count_open_invitations(fresh_app) == 0, "looking sends nothing"
    page.get_by_role("button", name="Send the invitations").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="Zoé O'Neill")).to_contain_text("Invited until")
    assert count_open_invitations(fresh_app) == 1


def test_escape_deletes_nothing_and_the_typed_address_does(page, browser_sign_in, admin, person, kept):
    browser_sign_in(page, admin)
    page.goto(f"/admin/users/{person.user_id}")
    opener = page.get_by_role("button", name="Delete the account…")
    dialog = page.get_by_role("dialog", name="Delete the account of Zoé O'Neill?")
    opener.click()
    expect(dialog.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("other@example.org")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("textbox").fill("other@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was deleted")).to_be_visible()
    assert kept(person).anonymised_at is None
    opener.click()
    dialog.get_by_role("textbox").fill(person.email)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The account is deleted.")).to_be_visible()
    assert kept(person).anonymised_at is not None


def test_without_scripts_a_phone_does_all_of_it(new_page, browser_sign_in, fresh_app, admin, person, kept):
    page = new_page(**PHONE, java_script_enabled=False)
    browser_sign_in(page, admin)
    page.goto("/admin/users/")
    page.locator("#filter-q").fill("zoe")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("checkbox", name="Choose Zoé O'Neill").check()
    page.get_by_role("button", name="Invite the chosen").click()
    page.get_by_role("button", name="Send the invitations").click()
    assert count_open_invitations(fresh_app) == 1
    page.get_by_role("link", name="Zoé O'Neill").click()
    page.get_by_role("button", name="Withdraw the invitation").click()
    assert count_open_invitations(fresh_app) == 0
    page.locator("#first_name").fill("Zoë")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("#role").select_option("manager")
    page.get_by_role("button", name="Change the role").click()
    assert (kept(person).first_name, kept(person).role) == ("Zoë", Role.MANAGER)
    page.get_by_role("button", name="Save what they answer for").click()
    page.get_by_role("button", name="Deactivate without asking again").click()
    assert not kept(person).is_active
    page.get_by_role("button", name="Reactivate").click()
    assert kept(person).is_active
    page.locator("#typed-plainly").fill(person.email)
    page.get_by_role("button", name="Delete for good").click()
    assert kept(person).anonymised_at is not None


def test_someone_new_is_invited_in_french(page, browser_sign_in, fresh_app, admin):
    browser_sign_in(page, admin)
    page.goto("/lang/fr?next=/admin/users/invite")
    page.locator("#first_name").fill("Ινώ 🙂")
    page.locator("#email").fill("ino@example.org")
    page.locator("[name=role][value=facilitator]").check()
    page.locator("[name=locale][value=fr]").check()
    page.locator("#email").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ινώ 🙂")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert count_open_invitations(fresh_app) == 1
