"""Compliance in a real browser: filters in place, the address, accessibility, deciding without scripts."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.services import plan_logs
from tests.support.browser import LOOKS, PHONE
from tests.support.teaching import RULES

pytestmark = pytest.mark.browser


@pytest.fixture
def manager(make_fresh):
    return make_fresh.manager()


@pytest.fixture
def term(fresh_app, make_fresh):
    """Three courses in their third week: one submits in time, one too late, one not at all."""
    people = [make_fresh.facilitator(last_name=name) for name in ("Byron", "Çelik", "عمر")]
    courses = [
        make_fresh.offering(person, weeks=6, module_id=make_fresh.module(name=name).id)
        for person, name in zip(people, ("Algebra", "Botany", "Chemistry with a name that does not end"), strict=True)
    ]
    with fresh_app.app_context():
        plan_logs([course.id for course in courses], RULES)
        for log in db.session.scalars(select(ActivityLog).where(ActivityLog.week_number <= 2)):
            hours = {courses[0].id: -1, courses[1].id: 30}.get(log.allocation_id)
            if hours is not None:
                log.started_at = log.submitted_at = log.due_at + timedelta(hours=hours)
        db.session.commit()
    return courses


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_pages_are_accessible_and_never_scroll_sideways(
    fresh_app, live_server, make_fresh, new_page, browser_sign_in, axe, term, size, scheme, language
):
    page = new_page(viewport=size, color_scheme=scheme)
    browser_sign_in(page, make_fresh.manager(locale=language))
    with fresh_app.app_context():
        logs = [
            db.session.scalar(select(ActivityLog.id).where(ActivityLog.allocation_id == course.id)) for course in term
        ]
    addresses = ["/compliance/", "/compliance/?by=facilitators&state=missing", "/compliance/?q=nothing",
                 "/compliance/logs", *(f"/tracker/logs/{log_id}" for log_id in (logs[0], logs[2]))]  # fmt: skip
    for address in addresses:
        page.goto(address)
        for folded in page.locator("details.decision").all():
            folded.locator("summary").click()
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    page.set_viewport_size({"width": 760, "height": 900})
    page.goto("/compliance/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "five numbers on a tablet"


# Where the frame lets nothing be scrolled, the table must end before what stands beside it.
_LAID_OVER = """() => {
  const [table, frame, needs] = [".matrix", ".matrix-frame", ".needs"].map((one) => document.querySelector(one));
  const beside = needs.getBoundingClientRect().left;
  const end = (getComputedStyle(frame).overflowX === "visible" ? table : frame).getBoundingClientRect().right;
  return end > (beside < end && beside > innerWidth / 2 ? beside : innerWidth);
}"""


def test_a_long_term_lies_over_nothing(live_server, new_page, browser_sign_in, make_fresh, fresh_app, manager):
    course = make_fresh.offering(make_fresh.facilitator(), weeks=26, weeks_ago=12)
    with fresh_app.app_context():
        plan_logs([course.id], RULES)
        db.session.commit()
    page = new_page()
    browser_sign_in(page, manager)
    page.goto("/compliance/")
    expect(page.get_by_role("heading", name="1 course, 26 weeks")).to_be_visible()
    page.evaluate("document.querySelector('.matrix thead tr').remove()")  # months, over several columns
    for weeks in range(26, 12, -1):
        for width in (1024, 1200, 1280, 1366):
            page.set_viewport_size({"width": width, "height": 800})
            assert not page.evaluate(_LAID_OVER), (weeks, width)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (weeks, width)
        page.evaluate("document.querySelectorAll('.matrix tr > :nth-child(7)').forEach((one) => one.remove())")
    page.set_viewport_size(PHONE["viewport"])
    page.reload()
    shown = page.locator(".matrix thead [aria-current] a")
    assert 0 < shown.bounding_box()["x"] < 320
    # Whoever goes back to the first week stays there, whatever is renewed meanwhile.
    page.evaluate("document.querySelector('.matrix-frame').scrollLeft = 0")
    with page.expect_response("**/compliance/numbers*"):
        page.evaluate("htmx.ajax('GET', document.querySelector('#numbers').dataset.numbers, '#numbers')")
    page.evaluate("new Promise(requestAnimationFrame)")
    assert shown.bounding_box()["x"] > 320


def test_a_number_filters_in_place_and_the_address_says_so(live_server, new_page, browser_sign_in, manager, term):
    page = new_page()
    browser_sign_in(page, manager)
    page.goto("/compliance/")
    expect(page.get_by_role("heading", name="3 courses, 6 weeks")).to_be_visible()
    page.locator("#number-missing").press("Enter")
    expect(page.get_by_role("heading", name="1 course, 6 weeks")).to_be_visible()
    expect(page.locator("#number-missing")).to_be_focused()
    assert "state=missing" in page.url
    page.get_by_text("Facilitators", exact=True).click()
    expect(page.get_by_role("heading", name="1 facilitator, 6 weeks")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="1 course, 6 weeks")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="1 course, 6 weeks")).to_be_visible()


def test_some_are_nudged_out_of_the_list(live_server, new_page, browser_sign_in, manager, term):
    page = new_page()
    browser_sign_in(page, manager)
    page.goto("/compliance/logs?state=missing")
    expect(page.get_by_role("button", name="Nudge")).to_be_hidden()
    page.get_by_label("Select this page").check()
    expect(page.locator(".bulk .ticked")).to_have_text(f"{page.locator('tbody [name=log]:checked').count()} selected")
    page.get_by_label("Select this page").uncheck()
    page.locator("tbody").get_by_role("checkbox").first.check()
    expect(page.locator(".bulk .ticked")).to_have_text("1 selected")
    page.get_by_role("button", name="Nudge").click()
    expect(page.get_by_text("1 person is told of 1 week.")).to_be_visible()


def test_without_scripts_a_phone_filters_decides_and_nudges(live_server, new_page, browser_sign_in, manager, term):
    page = new_page(**PHONE, java_script_enabled=False)
    browser_sign_in(page, manager)
    page.goto("/compliance/")
    # The numbers come before the filters, which are folded.
    expect(page.locator("#filter-q")).to_be_hidden()
    expect(page.locator("#number-excused")).to_be_in_viewport()
    page.locator("#fold > summary").click()
    page.locator("#filter-q").fill("Chem")
    page.get_by_role("button", name="Apply").click()
    in_use = page.locator("#fold .in-use")
    expect(in_use).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    expect(in_use).to_be_hidden()
    week = page.locator("#results thead a[href*=week]").first.get_attribute("href").split("week=")[1].split("&")[0]
    # Each way to narrow a list is said.
    for address in (f"/compliance/logs?week={week}", "/compliance/logs?state=missing", "/allocations/?trimester=2026-3",
                    "/allocations/?mode=Online", "/allocations/?q=a", "/allocations/?unallocated=1"):  # fmt: skip
        page.goto(address)
        expect(in_use, address).to_be_visible()
    page.goto("/compliance/logs?state=missing")
    tick = page.locator("tbody").get_by_role("checkbox").first
    before = tick.bounding_box()
    tick.check()
    assert tick.bounding_box() == before, "a tick stays where it is, and whole"
    for address in ("/compliance/logs", "/allocations/", "/compliance/"):
        page.goto(address)
        expect(in_use, address).to_be_hidden()
    page.get_by_role("button", name="Nudge the 1 missing").click()
    expect(page.get_by_text("1 person is told of 1 week.")).to_be_visible()
    page.locator("#number-missing").click()
    page.get_by_role("link", name="Week 2: missing").click()
    page.get_by_text("Excuse it", exact=True).first.click()
    page.locator("#excuse-reason").fill("Ill all week")
    page.locator("#excuse button").click()
    expect(page.get_by_text("Week 2 of Chemistry with a name that does not end is excused.")).to_be_visible()
