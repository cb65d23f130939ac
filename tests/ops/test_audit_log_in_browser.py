"""The audit log as administrators meet it: small, dark, in French, without scripts, by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from portal.audit.services import Change, System, record_many
from portal.extensions import db
from portal.web.access import Actor
from tests.support.browser import LOOKS, PHONE

pytestmark = pytest.mark.browser

LONG = "anticonstitutionnellement" * 12


@pytest.fixture
def admin(make_fresh):
    return make_fresh.admin(first_name="Ada", last_name="Okafor")


@pytest.fixture
def history(fresh_app, make_fresh, admin):
    """A short history of a course, its week and two people, one of them with a name that never ends."""
    teacher = make_fresh.facilitator(first_name="Wilhelmina" * 4, last_name="Featherstonehaugh" * 3)
    student = make_fresh.student(first_name="علي", last_name="حسن")
    offering = make_fresh.offering(teacher)
    log = make_fresh.log(offering)
    with fresh_app.app_context():
        record_many(
            Actor(admin.user_id, "0123456789abcdef"),
            [
                Change("update", "users", student.user_id, {"bio": ("short", LONG), "email": ("a@b.c", f"{LONG}@b.c")}),
                Change("assign", "course_offerings", offering.id, {"facilitator_id": (None, teacher.profile_id)}),
                Change("submit", "activity_trackers", log.id, {"summative_grading": ("Pending", "Done")}),
            ],
        )
        record_many(System(), [Change("delete_unconfirmed", "users", 4711, {})])
        db.session.commit()
    return student


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_it_keeps_to_wcag_and_never_scrolls_sideways(
    new_page, axe, browser_sign_in, admin, history, language, scheme, size
):
    page = new_page(viewport=size, color_scheme=scheme)
    browser_sign_in(page, admin)
    one = f"entity=users%26entity_id={history.user_id}%26actor={admin.user_id}"
    for query in ("", "?who=nobody-at-all", f"?{one}", "?since=yesterday", "?at=nonsense"):
        page.goto(f"/lang/{language}?next=/admin/audit/{query}")
        for summary in page.locator(".events summary").all():
            if summary.is_visible():
                summary.click()
        for summary in page.locator(".events details.long > summary").all():
            if summary.is_visible() and not summary.evaluate("element => element.parentElement.open"):
                summary.click()
        assert axe(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def test_a_filter_answers_in_place_and_stands_in_the_address(page, browser_sign_in, admin, history):
    browser_sign_in(page, admin)
    page.goto("/admin/audit/")
    expect(page.locator(".events > li")).to_have_count(4)
    page.get_by_label("Action").select_option("assign")
    expect(page.locator(".events > li")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/admin/audit/\?action=assign$"))
    assert "action=assign" in page.get_by_role("link", name="Export").get_attribute("href")
    page.get_by_label("Who").fill("okafor")
    expect(page).to_have_url(re.compile("who=okafor"))
    expect(page.locator(".events > li")).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Who")).to_have_value("okafor")
    page.go_back()
    expect(page.locator(".events > li")).to_have_count(1)


def test_what_a_field_was_opens_by_keyboard_and_a_long_text_whole(page, browser_sign_in, admin, history):
    browser_sign_in(page, admin)
    page.goto(f"/admin/audit/?entity=users&entity_id={history.user_id}")
    summary = page.locator(".events > li summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".events dt").first).to_be_visible()
    assert page.get_by_text(LONG, exact=True).count() == 1
    expect(page.get_by_text(LONG, exact=True)).not_to_be_visible()
    page.get_by_text("Show all").first.click()
    expect(page.get_by_text(LONG, exact=True)).to_be_visible()


def test_without_scripts_on_a_phone_it_is_filtered_and_taken_along(new_page, browser_sign_in, admin, history):
    page = new_page(**PHONE, java_script_enabled=False)
    browser_sign_in(page, admin)
    page.goto("/admin/audit/")
    page.get_by_label("Thing").select_option("users")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".events > li")).to_have_count(2)
    page.locator(".events summary").first.click()
    page.get_by_role("link", name="Everything by").first.click()
    expect(page.get_by_role("link", name="Anyone")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Export").click()
    assert taken.value.suggested_filename == "audit.csv"
    assert taken.value.path().read_bytes().startswith(b"\xef\xbb\xbfwhen,actor_id")
