"""Courses and the catalogue as a manager meets them: in a browser and by keyboard."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.extensions import db
from tests.support.browser import LOOKS

pytestmark = pytest.mark.browser


@pytest.fixture
def manager(make_fresh, live_server):
    make_fresh.study_class(name="CS 1A")
    make_fresh.cohort(code="CS-2026", name="Undergraduates")
    return make_fresh.manager()


def test_a_course_is_made_with_a_module_that_was_missing(page, browser_sign_in, manager, make_fresh, live_server):
    siya = make_fresh.facilitator(first_name="Siya", last_name="Bhat", profile={"max_course_load": 1})
    make_fresh.offering(siya, academic_year=2026, trimester=3)
    browser_sign_in(page, manager)
    page.goto("/allocations/")
    page.get_by_role("link", name="New course").click()
    page.get_by_role("link", name="New module").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Code").fill("CS357")
    dialog.get_by_role("button", name="Add").click()
    dialog.get_by_label("Name").fill("Algorithms")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_be_hidden()
    module = page.get_by_role("combobox", name="Module")
    expect(module).to_have_value("CS357")
    expect(module).to_be_focused()
    for label, typed in (("Class", "1a"), ("Cohort", "under")):
        field = page.get_by_role("combobox", name=label)
        field.press_sequentially(typed)
        expect(page.locator(".list:visible [role=option]")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    page.get_by_label("First day").fill("2026-09-07")
    page.get_by_label("Last day").fill("2026-12-20")
    page.get_by_role("combobox", name="Facilitator").press_sequentially("bhat")
    expect(page.locator(".list:visible [role=option]")).to_contain_text("Would be over the limit")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make the course").click()
    page.get_by_label("Reason").fill("Nobody else can")
    page.get_by_role("button", name="Make and allocate anyway").click()
    expect(page.get_by_role("heading", name="Algorithms")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Siya Bhat teaches it")
    with live_server.app.app_context():
        made = db.session.scalars(select(CourseOffering).order_by(CourseOffering.id.desc())).first()
        module_id = db.session.scalars(select(Module.id).where(Module.code == "CS357")).one()
        assert (made.module_id, made.academic_year, made.trimester) == (module_id, 2026, 3)


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_the_pages_are_accessible_and_never_scroll_sideways(
    new_page, browser_sign_in, axe, manager, make_fresh, size, scheme, language
):
    siya = make_fresh.facilitator(first_name="Siya", last_name="Bhat")
    course = make_fresh.offering(siya, module_id=make_fresh.module(code="CS1", name="Algorithms 😀").id)
    getattr(make_fresh, "break")(course.start_date, course.start_date, name="Holiday")
    page = new_page(viewport=size, color_scheme=scheme, locale=language)
    browser_sign_in(page, manager)
    for address in (
        f"/allocations/{course.id}",
        f"/allocations/{course.id}/edit",
        f"/allocations/{course.id}/status",
        f"/allocations/new?copy={course.id}",
        "/catalogue/modules",
        "/catalogue/modules/1",
        "/catalogue/breaks",
        "/catalogue/modes/new",
    ):
        page.goto(address)
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
