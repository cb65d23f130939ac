"""Allocations as a manager meets them: in a browser, by keyboard, on a phone, without scripts."""

import re

import pytest
from playwright.sync_api import expect

from portal.allocations.models import CourseOffering
from portal.extensions import db
from tests.support.browser import PHONE

pytestmark = pytest.mark.browser


@pytest.fixture
def term(live_server, make_fresh):
    """Three courses: one of Siya's, who has room for one more, and two without anyone."""
    siya = make_fresh.facilitator(
        first_name="Siya", last_name="Bhat", profile={"employee_id": "FAC02559", "max_course_load": 2}
    )
    make_fresh.facilitator(first_name="Silas", last_name="Ng")
    online, cohort = make_fresh.mode("Online"), make_fresh.cohort(code="CS-UG-2026")
    common = {"academic_year": 2026, "trimester": 3, "mode_id": online.id, "cohort_id": cohort.id}
    return [
        make_fresh.offering(siya, module_id=make_fresh.module(code="CS357", name="Algorithms").id, **common),
        make_fresh.offering(module_id=make_fresh.module(code="CS100", name="Data").id, **common),
        make_fresh.offering(
            module_id=make_fresh.module(code="ART1", name="Drawing").id, academic_year=2026, trimester=3
        ),
    ]


@pytest.fixture
def manager(make_fresh, live_server):
    return make_fresh.manager()


def test_filters_apply_themselves_and_live_in_the_address(page, browser_sign_in, manager, term):
    browser_sign_in(page, manager)
    page.goto("/allocations/")
    page.get_by_label("Online 2").check()
    expect(page.locator(".lead")).to_contain_text("2 courses; 1 has a facilitator, 1 does not.")
    expect(page).to_have_url("/allocations/?mode=Online")
    page.get_by_label("Search", exact=True).press_sequentially("algo")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url("/allocations/?q=algo&mode=Online")
    assert page.evaluate("document.activeElement.id") == "filter-q"
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    for _ in range(2):  # htmx reloads the page that the history leads to
        page.evaluate("history.back()")
        page.wait_for_timeout(500)
    expect(page).to_have_url("/allocations/")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("#mode-all")).to_have_attribute("aria-current", "true")


def test_sorting_keeps_the_focus_and_the_columns_in_place_when_a_row_asks(page, browser_sign_in, manager, term):
    browser_sign_in(page, manager)
    page.goto("/allocations/")
    page.locator("#sort-course").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url("/allocations/?sort=course")
    expect(page.locator("#sort-course")).to_be_focused()
    where = (
        "[...document.querySelectorAll('#results thead th')].map((head) => Math.round(head.getBoundingClientRect().x))"
    )
    before = page.evaluate(where)
    page.locator(f"#who-{term[1].id}").click()
    expect(page.locator(f"#who-{term[1].id}[role=combobox]")).to_be_focused()
    assert page.evaluate(where) == before


def test_who_ticks_trimesters_stays_in_their_menu(new_page, browser_sign_in, manager, term):
    page = new_page()
    browser_sign_in(page, manager)
    page.goto("/allocations/")
    page.locator("#filter-trimester summary").press("Enter")
    tick = page.locator("#filter-trimester input").first
    chosen = tick.get_attribute("id")
    with page.expect_response(lambda answer: "trimester=" in answer.url):
        tick.press("Space")
    expect(page.locator("#filter-trimester summary")).not_to_contain_text("All")
    expect(page.locator(f"#{chosen}")).to_be_focused()
    expect(page.locator(f"#{chosen}")).to_be_visible()


def test_a_click_opens_the_list_of_a_filter(page, browser_sign_in, manager, term):
    browser_sign_in(page, manager)
    page.goto("/allocations/")
    page.locator("#filter-cohort").click()
    expect(page.locator("#filter-cohort-list")).to_be_visible()
    page.locator("#filter-cohort-list [role=option]", has_text="CS-UG-2026").click()
    expect(page).to_have_url("/allocations/?cohort=CS-UG-2026")


def test_a_facilitator_is_allocated_by_keyboard_alone(page, browser_sign_in, manager, term, live_server):
    browser_sign_in(page, manager)
    page.goto("/allocations/")
    page.locator(f"#who-{term[1].id}").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#who-{term[1].id}[role=combobox]")).to_be_focused()
    page.keyboard.type("si")
    expect(page.locator(".pick [role=option]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    row = page.locator(f"#course-{term[1].id}")
    expect(row).to_contain_text("Silas Ng")
    expect(page.locator(".lead")).to_contain_text("3 courses; 2 have a facilitator")
    expect(page.locator(f"#who-{term[1].id}")).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("No facilitator")
    with live_server.app.app_context():
        assert db.session.get(CourseOffering, term[1].id).facilitator_id is None


def test_loads_of_the_same_person_follow_and_the_limit_asks(page, browser_sign_in, manager, term):
    browser_sign_in(page, manager)
    page.goto("/allocations/")
    for offering in term[1:]:
        page.locator(f"#who-{offering.id}").click()
        page.locator(f"#who-{offering.id}[role=combobox]").press_sequentially("bhat")
        page.locator(".pick [role=option]").click()
        if offering is term[2]:
            expect(page.get_by_role("alert")).to_contain_text("Siya Bhat would be over the limit: 3 of 2.")
            page.get_by_label("Reason").fill("Just this once")
            page.keyboard.press("Enter")
        expect(page.locator(f"#course-{offering.id} .who")).to_contain_text("Siya Bhat")
    for offering in term:
        expect(page.locator(f"#course-{offering.id} .load")).to_contain_text("3 of 2")


def test_without_scripts_everything_is_a_form(new_page, browser_sign_in, manager, term):
    page = new_page(java_script_enabled=False)
    browser_sign_in(page, manager)
    page.goto("/allocations/")
    page.get_by_label("Online 2").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator(f"#who-{term[1].id}").click()
    page.get_by_role("combobox", name="Facilitator for").fill("silas")
    page.get_by_role("button", name="Allocate").click()
    expect(page.locator("#toasts")).to_contain_text("Silas Ng teaches CS100")
    expect(page.locator(f"#course-{term[1].id}")).to_contain_text("Silas Ng")
    assert "mode=Online" in page.url


def test_all_that_match_are_chosen_once_the_page_is(page, browser_sign_in, manager, term, make_fresh):
    for _ in range(50):
        make_fresh.offering()
    browser_sign_in(page, manager)
    page.goto("/allocations/")
    page.locator("thead input[type=checkbox]").check()
    page.get_by_role("button", name=re.compile("^Select all")).click()
    expect(page.locator(".bulk .ticked")).to_have_text(re.compile(r"^All \d+ that match$"))
    page.locator(".bulk").get_by_role("button", name="Shift dates").click()
    page.wait_for_url("**/allocations/bulk?**all=1**")
    assert "All courses that match the list" in page.locator("main").inner_text()


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desk", "phone"])
def test_pages_are_accessible_and_never_scroll_sideways(new_page, browser_sign_in, axe, manager, term, device):
    page = new_page(**device)
    browser_sign_in(page, manager)
    for address in (
        "/allocations/",
        "/allocations/?q=none&status=odd",
        f"/allocations/{term[0].id}",
        f"/allocations/{term[1].id}/facilitator",
        "/allocations/bulk?all=1&deed=shift&by_days=7",
    ):
        page.goto(address)
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    # What a cell holds stays in it, where it stands as a card too.
    assert page.evaluate(
        "[...document.querySelectorAll('tbody tr > *')].every(one => one.scrollWidth <= one.offsetWidth + 1)"
    )
    if not device:
        page.set_viewport_size({"width": 800, "height": 700})
        page.goto("/allocations/")
        page.locator(f"#who-{term[1].id}").click()
        page.locator(f"#who-{term[1].id}[role=combobox]").press("ArrowDown")
        expect(page.locator(".asking .pick [role=option]").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "candidates on a tablet"
    page.goto("/allocations/")
    if device:
        page.locator("#fold > summary").click()
        field = page.locator("#filter-facilitator")
        place = field.bounding_box()
        page.set_viewport_size(PHONE["viewport"] | {"height": int(place["y"] + place["height"]) + 80})
        field.evaluate("one => { one.focus({ preventScroll: true }); one.click(); }")  # where a finger meets it
        candidates = page.locator("#filters .pick .list:visible")
        expect(candidates.locator("[role=option]").first).to_be_visible()
        end = candidates.evaluate("one => one.getBoundingClientRect().bottom")
        assert end <= page.locator(".places").bounding_box()["y"], "candidates end above the places at the bottom"
        page.set_viewport_size(PHONE["viewport"])
        page.goto("/allocations/")
        page.locator("#fold > summary").click()
    page.locator("#filter-views summary").click()
    assert page.locator("#filter-views > div").bounding_box()["x"] >= 0
    page.keyboard.press("Escape")
    page.locator(f"#who-{term[1].id}").click()
    page.locator(f"#who-{term[1].id}[role=combobox]").press_sequentially("s")
    expect(page.locator(".pick [role=option]").first).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
