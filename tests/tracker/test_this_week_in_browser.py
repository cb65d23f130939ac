"""The week as a person does it: by mouse, by keyboard alone, on a phone, without scripts, and off the net."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.extensions import db
from portal.tracker.models import ActivityLog
from tests.support.browser import PHONE
from tests.tracker.support import DONE, FORMATIVE, GRADES, NOT_STARTED, PENDING, SYNC, stored, tick

pytestmark = pytest.mark.browser


@pytest.fixture
def teacher(make_fresh):
    """A facilitator with three courses in their third week."""
    person = make_fresh.facilitator()
    for name in ("Agronomy", "Botany", "Chemistry"):
        module = make_fresh.module(code=name[:4].upper(), name=name)
        make_fresh.log(make_fresh.offering(person, module_id=module.id), 3)
    return person


@pytest.fixture
def weeks(fresh_app, teacher):
    """Their logs, in the order of the page."""
    with fresh_app.app_context():
        return db.session.scalars(select(ActivityLog).order_by(ActivityLog.id)).all()


@pytest.fixture
def open_week(new_page, browser_sign_in, teacher, weeks):
    """Opens the page in a browser of its own."""

    def do(**options):
        page = new_page(**options)
        browser_sign_in(page, teacher)
        page.goto("/tracker/")
        return page

    return do


def switch(page, week, key):
    return page.locator(f"#item-{week.id}-{key}")


def choice(page, week, key, status):
    return switch(page, week, key).locator(f'input[value="{status}"]')


def test_ticking_by_mouse_saves_at_once_and_keeps_the_figures_true(open_week, fresh_app, weeks):
    page = open_week()
    for key in (FORMATIVE, SYNC, GRADES):
        switch(page, weeks[0], key).locator("label.done").click()
    expect(page.locator(f"#submit-{weeks[0].id}.primary")).to_be_visible()
    expect(page.locator(".lead")).to_contain_text("3 of 9 items are done")
    assert stored(fresh_app, weeks[0])[1] == dict.fromkeys([FORMATIVE, SYNC, GRADES], DONE)
    page.reload()
    expect(choice(page, weeks[0], SYNC, DONE)).to_be_checked()
    page.locator(f"#submit-{weeks[0].id}").click()
    expect(page.locator(f"#log-{weeks[0].id}")).to_contain_text("Week 3 submitted")
    expect(page.locator("#live")).to_have_text("Week 3 of Agronomy is submitted.")
    assert stored(fresh_app, weeks[0])[0].submitted_at


def test_a_quick_hand_on_one_switch_ends_where_it_ended(open_week, fresh_app, weeks):
    page = open_week()
    for name in ("pending", "done", "none", "done", "pending"):
        switch(page, weeks[0], SYNC).locator(f"label.{name}").click()
    page.wait_for_load_state("networkidle")
    expect(choice(page, weeks[0], SYNC, PENDING)).to_be_checked()
    expect(page.locator(".clash")).to_have_count(0)
    assert stored(fresh_app, weeks[0])[1][SYNC] == PENDING


def test_the_whole_week_by_keyboard_alone(open_week, fresh_app, weeks):
    page = open_week()
    choice(page, weeks[0], FORMATIVE, NOT_STARTED).focus()
    for _ in range(3):  # down the courses, then to the next item
        page.keyboard.press("3")
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("2")
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    expect(choice(page, weeks[0], GRADES, DONE)).to_be_focused()
    for week in weeks:
        assert stored(fresh_app, week)[1][FORMATIVE] == DONE
        assert stored(fresh_app, week)[1][SYNC] == PENDING
    assert stored(fresh_app, weeks[0])[1][GRADES] == DONE
    submit = page.locator(f"#submit-{weeks[0].id}")
    for _ in range(4):
        if submit.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    # One item is pending, so the page asks; the answer that keeps the week open has the focus.
    expect(page.get_by_role("button", name="Go back")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(f"#log-{weeks[0].id}")).to_contain_text("Week 3 submitted")
    expect(page.locator(f"#open-{weeks[0].id}")).to_be_focused()


def test_a_week_that_is_not_done_is_submitted_only_when_meant(open_week, fresh_app, weeks):
    page = open_week()
    page.locator(f"#submit-{weeks[1].id}").click()
    dialog = page.get_by_role("dialog", name="Not everything is done yet")
    expect(dialog).to_contain_text("Botany · 0 of 3 items done")
    page.keyboard.press("Escape")
    expect(page.locator(f"#submit-{weeks[1].id}")).to_be_focused()
    assert stored(fresh_app, weeks[1])[0].submitted_at is None
    page.locator(f"#submit-{weeks[1].id}").click()
    dialog.get_by_role("button", name="Submit week 3").click()
    expect(page.locator(f"#log-{weeks[1].id}")).to_contain_text("Week 3 submitted")
    assert stored(fresh_app, weeks[1])[0].submitted_at


def test_all_done_keeps_the_focus_and_shows_every_switch(open_week, fresh_app, weeks):
    page = open_week()
    switch(page, weeks[1], SYNC).locator("label.pending").click()
    page.locator(f"#all-done-{weeks[1].id}").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#submit-{weeks[1].id}.primary")).to_be_visible()
    for key in (FORMATIVE, SYNC, GRADES):
        expect(choice(page, weeks[1], key, DONE)).to_be_checked()
    expect(page.locator(f"#all-done-{weeks[1].id}")).to_be_focused()


def test_a_tick_still_on_its_way_is_not_taken_for_someone_elses_change(open_week, fresh_app, weeks):
    page = open_week()
    page.evaluate(
        """([tick, all]) => { document.querySelector(tick).click(); document.querySelector(all).click(); }""",
        [f"#item-{weeks[1].id}-{SYNC} .pending input", f"#all-done-{weeks[1].id}"],
    )
    expect(page.locator(f"#submit-{weeks[1].id}.primary")).to_be_visible()
    expect(page.locator(".clash")).to_have_count(0)
    assert stored(fresh_app, weeks[1])[1][SYNC] == DONE


def test_notes_are_typed_counted_and_saved(open_week, fresh_app, weeks):
    page = open_week()
    row = page.locator(f"#log-{weeks[0].id}")
    row.get_by_text("Add notes").click()
    row.locator("textarea").fill("Zwei Studierende fehlten 🎉")
    expect(row.locator(".notes .figures")).to_contain_text("characters left")
    row.get_by_role("button", name="Save notes").click()
    expect(page.locator("#live")).to_have_text("Week 3 of Agronomy is saved.")
    expect(row.locator("textarea")).to_be_visible()
    expect(row.locator(".saved")).to_have_text("Saved")
    row.locator("textarea").press("End")
    row.locator("textarea").press("!")
    expect(row.locator(".saved")).to_have_count(0)
    assert stored(fresh_app, weeks[0])[0].notes == "Zwei Studierende fehlten 🎉"


def test_a_tick_keeps_what_is_typed_in_the_notes(open_week, weeks):
    page = open_week()
    row = page.locator(f"#log-{weeks[0].id}")
    row.get_by_text("Add notes").click()
    row.locator("textarea").fill("half a sent")
    switch(page, weeks[0], SYNC).locator("label.done").click()
    expect(row.locator(".attend")).to_have_text("1 of 3 items done")
    expect(row.locator("textarea")).to_have_value("half a sent")


def test_a_conflict_is_shown_and_decided_in_place(open_week, fresh_app, teacher, weeks):
    page = open_week()
    other = open_week()
    switch(other, weeks[0], SYNC).locator("label.pending").click()
    expect(other.locator(f"#log-{weeks[0].id} .attend")).to_have_text("0 of 3 items done")
    other.wait_for_load_state("networkidle")
    switch(page, weeks[0], SYNC).locator("label.done").click()
    clash = page.locator(f"#log-{weeks[0].id} .clash")
    expect(clash).to_contain_text("Yours: Done · Now: Pending")
    expect(choice(page, weeks[0], SYNC, PENDING)).to_be_checked()
    expect(clash).to_be_focused()
    clash.get_by_role("button", name="Use mine for Intranet sync").click()
    expect(clash).to_have_count(0)
    expect(choice(page, weeks[0], SYNC, DONE)).to_be_checked()
    expect(choice(page, weeks[0], FORMATIVE, NOT_STARTED)).to_be_focused()
    assert stored(fresh_app, weeks[0])[1][SYNC] == DONE


def test_when_the_connection_is_lost_the_switch_turns_back_and_says_so(
    chromium, live_server, browser_sign_in, teacher, fresh_app, weeks
):
    # A page of its own: the failure that is wanted here stands in the console too.
    page = chromium.new_page(base_url=live_server.url)
    browser_sign_in(page, teacher)
    page.goto("/tracker/")
    switch(page, weeks[0], SYNC).locator("label.pending").click()
    expect(page.locator(f"#log-{weeks[0].id} .attend")).to_have_text("0 of 3 items done")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    switch(page, weeks[0], SYNC).locator("label.done").click()
    expect(page.locator("#toasts")).to_contain_text("no connection")
    expect(choice(page, weeks[0], SYNC, PENDING)).to_be_checked()
    page.context.set_offline(False)
    # The browser's network takes a moment to be there again.
    page.wait_for_function("fetch('/health/live').then(answer => answer.ok, () => false)")
    offers = page.locator("#toasts").get_by_role("button", name="Try again")
    before = offers.count()
    offers.last.click()
    expect(offers).to_have_count(before - 1)
    done = page.locator(f"#log-{weeks[0].id} .attend").filter(has_text="1 of 3 items done")
    # A browser that changes its network may drop one request more: then it is offered again.
    expect(done.or_(offers).first).to_be_visible()
    if not done.count():
        offers.last.click()
    expect(done).to_be_visible()
    assert stored(fresh_app, weeks[0])[1][SYNC] == DONE
    page.context.close()


def test_on_a_phone_nothing_scrolls_sideways_and_a_week_is_ticked_and_submitted(open_week, fresh_app, weeks):
    page = open_week(**PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    switch(page, weeks[0], SYNC).locator("label.done").tap()
    expect(page.locator(f"#log-{weeks[0].id} .attend")).to_have_text("1 of 3 items done")
    page.locator(f"#all-done-{weeks[0].id}").tap()
    page.locator(f"#submit-{weeks[0].id}.primary").tap()
    expect(page.locator(f"#log-{weeks[0].id}")).to_contain_text("Week 3 submitted")


def test_without_scripts_the_form_saves_and_submits(open_week, fresh_app, weeks):
    page = open_week(java_script_enabled=False)
    switch(page, weeks[0], SYNC).locator("label.done").click()
    page.locator(f"#log-{weeks[0].id}").get_by_role("button", name="Save week 3").click()
    expect(page.get_by_text("Week 3 of Agronomy is saved.")).to_be_visible()
    assert page.url.endswith(f"/tracker/#log-{weeks[0].id}")
    expect(choice(page, weeks[0], SYNC, DONE)).to_be_checked()
    page.locator(f"#log-{weeks[0].id} summary").click()
    page.locator(f"#notes-{weeks[0].id}").fill("By hand")
    switch(page, weeks[0], GRADES).locator("label.pending").click()
    page.locator(f"#submit-{weeks[0].id}").click()
    expect(page.get_by_text("Week 3 of Agronomy is submitted.")).to_be_visible()
    row, statuses = stored(fresh_app, weeks[0])
    assert statuses == {FORMATIVE: NOT_STARTED, SYNC: DONE, GRADES: PENDING}
    assert (row.notes, row.submitted_at is not None) == ("By hand", True)


def test_without_scripts_a_conflict_is_a_page_with_the_choice(open_week, fresh_app, weeks):
    page, other = open_week(java_script_enabled=False), open_week(java_script_enabled=False)
    for window, name, said in ((other, "pending", "is saved."), (page, "done", "Yours: Done · Now: Pending")):
        switch(window, weeks[0], SYNC).locator(f"label.{name}").click()
        window.locator(f"#log-{weeks[0].id}").get_by_role("button", name="Save week 3").click()
        expect(window.get_by_text(said)).to_be_visible()
    page.get_by_role("button", name="Use mine for Intranet sync").click()
    page.wait_for_url(f"**/tracker/#log-{weeks[0].id}")
    assert stored(fresh_app, weeks[0])[1][SYNC] == DONE


def test_pages_are_accessible(open_week, axe, make_fresh, fresh_app, teacher, weeks):
    overdue = make_fresh.log(make_fresh.offering(teacher), 1)
    client = fresh_app.test_client()
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    from tests.support.web import session_of

    with client.session_transaction() as session:
        session.update(session_of(teacher, fresh_app))
    assert tick(client, overdue, SYNC, PENDING).status_code == 200
    client.post(f"/tracker/logs/{weeks[2].id}/submit")
    page = open_week()
    page.locator(f"#log-{weeks[0].id} summary").click()
    assert axe(page) == []
    for path in (f"logs/{overdue.id}", f"logs/{weeks[2].id}", f"courses/{weeks[0].allocation_id}"):
        page.goto(f"/tracker/{path}")
        assert axe(page) == []
