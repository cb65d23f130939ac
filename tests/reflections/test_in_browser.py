"""Nothing that a student types is lost: in a real browser, without network, with the server gone, in two tabs."""

import re
import threading

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select
from werkzeug.serving import make_server

from portal.accounts.models import UserSession
from portal.extensions import db
from portal.reflections.models import ReflectionResponse
from tests.reflections.support import stored
from tests.support.browser import ARGUMENTS, find_chromium
from tests.support.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FIRST, SECOND, THIRD = "#answer-question1", "#answer-question2", "#answer-question3"
COPIED = "caches.open('reflections-pages').then(c => c.keys()).then(k => k.length === 3)"
SAVED = re.compile(r"Saved \d\d:\d\d")


@pytest.fixture
def scene(make_fresh):
    facilitator = make_fresh.facilitator(first_name="Amara", last_name="Okafor")
    offering = make_fresh.offering(facilitator, title="Local Food Systems")
    student = make_fresh.student(password=PASSWORD)
    make_fresh.enrolment(offering, student)
    return make_fresh.round(offering), student


@pytest.fixture
def opened(new_page, browser_sign_in, scene):
    """A page with the reflection, its worker at work."""
    page = new_page()
    browser_sign_in(page, scene[1])
    page.goto(f"/reflections/{scene[0].id}")
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, COPIED)
    return page


def until(page, holds, tries=100):
    """Wait until an expression holds; Playwright's own way would need a policy that allows `eval`."""
    for _ in range(tries):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(100)
    raise AssertionError(holds)


def kept(page):
    return page.locator("#kept")


def test_typed_cut_off_closed_come_back_connected_sent(fresh_app, opened, scene):
    page, found = opened, scene[0]
    page.fill(FIRST, "With a connection. ")
    expect(kept(page)).to_contain_text(SAVED)
    page.context.set_offline(True)
    page.fill(SECOND, "Without one.")
    expect(kept(page)).to_have_text("Saved on this device")
    context = page.context
    page.close()
    again = context.new_page()
    again.goto(f"/reflections/{found.id}")
    expect(again.locator(FIRST)).to_have_value("With a connection. ")
    expect(again.locator(SECOND)).to_have_value("Without one.")
    again.fill(THIRD, "Still without.")
    again.get_by_role("button", name="Send my reflection").click()
    expect(kept(again)).to_contain_text("sent as soon as the connection is back")
    assert stored(fresh_app, found) == []
    context.set_offline(False)
    expect(again.get_by_role("heading", name="Thank you. Your reflection is sent.")).to_be_visible(timeout=15_000)
    assert stored(fresh_app, found) == [
        {"question1": "With a connection.", "question2": "Without one.", "question3": "Still without."}
    ]
    until(again, "!Object.keys(localStorage).some(k => k.startsWith('reflection:'))")


def test_the_browser_itself_is_closed_in_the_middle(fresh_app, chromium, live_server, browser_sign_in, scene, tmp_path):
    """With it goes the sign-in: the page is there from the device alone, and the password is asked for at the end."""
    found, student = scene

    def start():
        return chromium.browser_type.launch_persistent_context(
            tmp_path / "profile",
            executable_path=find_chromium(),
            args=ARGUMENTS,
            base_url=live_server.url,
            locale="en-GB",
        )

    browser = start()
    page = browser.new_page()
    browser_sign_in(page, student)
    page.goto(f"/reflections/{found.id}")
    until(page, COPIED)
    page.fill(FIRST, "With a connection. ")
    expect(kept(page)).to_contain_text(SAVED)
    browser.set_offline(True)
    page.fill(SECOND, "Without one.")
    expect(kept(page)).to_have_text("Saved on this device")
    browser.close()
    browser = start()
    try:
        browser.set_offline(True)
        page = browser.new_page()
        page.goto(f"/reflections/{found.id}")
        expect(page.locator(SECOND)).to_have_value("Without one.")
        page.fill(THIRD, "Back again.")
        page.get_by_role("button", name="Send my reflection").click()
        expect(kept(page)).to_contain_text("sent as soon as the connection is back")
        browser.set_offline(False)
        dialog = page.locator("#reauth")
        expect(dialog).to_be_visible(timeout=15_000)
        dialog.locator("#reauth-password").fill(PASSWORD)
        dialog.locator("button.primary").click()
        expect(page.locator("#receipt")).to_be_visible(timeout=15_000)
    finally:
        browser.close()
    said = {"question1": "With a connection.", "question2": "Without one.", "question3": "Back again."}
    assert stored(fresh_app, found) == [said]


def test_the_server_is_killed_in_the_middle(fresh_app, new_page, scene, browser_sign_in):
    """A server of its own, that stops and comes back on the same port."""
    found, student = scene
    server = make_server("127.0.0.1", 0, fresh_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    port = server.server_port
    page = new_page(base_url=f"http://127.0.0.1:{port}")
    browser_sign_in(page, student)
    page.goto(f"/reflections/{found.id}")
    until(page, COPIED)
    page.fill(FIRST, "Before. ")
    server.shutdown()
    server.server_close()
    thread.join(5)
    page.fill(SECOND, "While it was away.")
    expect(kept(page)).to_have_text("Saved on this device")
    page.get_by_role("button", name="Send my reflection").click()
    expect(kept(page)).to_contain_text("sent as soon as")
    back = make_server("127.0.0.1", port, fresh_app, threaded=True)
    threading.Thread(target=back.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        expect(page.get_by_role("heading", name="Thank you. Your reflection is sent.")).to_be_visible(timeout=20_000)
    finally:
        back.shutdown()
        back.server_close()
    assert stored(fresh_app, found) == [{"question1": "Before.", "question2": "While it was away."}]


def test_the_language_is_switched_and_the_session_ends_in_the_middle(fresh_app, opened, scene, axe):
    page, (found, student) = opened, scene
    page.fill(FIRST, "Half a sent")
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Qui lira ceci")).to_be_visible()
    expect(page.locator(FIRST)).to_have_value("Half a sent")
    assert axe(page) == []
    with fresh_app.app_context():
        db.session.execute(delete(UserSession).where(UserSession.user_id == student.user_id))
        db.session.commit()
    page.locator(FIRST).press("End")
    page.locator(FIRST).press_sequentially("ence")
    dialog = page.locator("#reauth")
    expect(dialog).to_be_visible()
    dialog.locator("#reauth-password").fill(PASSWORD)
    dialog.locator("button.primary").click()
    expect(dialog).to_be_hidden()
    expect(kept(page)).to_contain_text(re.compile(r"Enregistré à \d\d:\d\d"))
    page.locator('[value="send"]').click()
    expect(page.locator("#receipt")).to_be_visible()
    assert stored(fresh_app, found) == [{"question1": "Half a sentence"}]
    with fresh_app.app_context():
        assert db.session.scalars(select(ReflectionResponse.language)).all() == ["fr"]


def test_two_devices_are_shown_side_by_side_and_two_tabs_are_one(fresh_app, opened, new_page, browser_sign_in, scene):
    page, (found, student) = opened, scene
    tab = page.context.new_page()
    tab.goto(f"/reflections/{found.id}")
    page.fill(SECOND, "In the first tab")
    expect(tab.locator(SECOND)).to_have_value("In the first tab")
    phone = new_page(viewport={"width": 360, "height": 740})
    browser_sign_in(phone, student)
    expect(kept(page)).to_contain_text(SAVED)
    phone.goto(f"/reflections/{found.id}")
    phone.fill(FIRST, "From the phone")
    expect(kept(phone)).to_contain_text(SAVED)
    page.fill(FIRST, "From the laptop")
    expect(page.get_by_role("heading", name="You also wrote in another tab")).to_be_visible()
    page.get_by_role("button", name="Go on with this choice").click()
    expect(page.locator(FIRST)).to_have_value("From the laptop\n\nFrom the phone")
    page.get_by_role("button", name="Send my reflection").click()
    expect(page.locator("#receipt")).to_be_visible()
    assert stored(fresh_app, found) == [
        {"question1": "From the laptop\n\nFrom the phone", "question2": "In the first tab"}
    ]


def test_after_signing_out_nothing_of_the_first_person_is_there(opened, make_fresh, scene, browser_sign_in):
    page, (found, _student) = opened, scene
    page.fill(FIRST, "Mine alone")
    expect(kept(page)).to_contain_text(SAVED)
    page.locator("details.account summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login*")
    until(page, "caches.has('reflections-pages').then(found => !found)")
    page.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_"):
        page.goto(f"/reflections/{found.id}")
    page.context.set_offline(False)
    other = make_fresh.student()
    browser_sign_in(page, other)
    page.goto("/reflections/")
    assert "Mine alone" not in page.content()
    assert page.evaluate("JSON.stringify(localStorage)").count("Mine alone") == 0


def test_a_draft_of_the_earlier_page_is_offered_before_it_is_shown(opened, scene):
    page = opened
    draft = '{"question1": "From the old page", "timestamp": "2024-01-15T10:30:00.000Z", "language": "en"}'
    page.evaluate(f"localStorage.setItem('reflection_draft', JSON.stringify({draft}))")
    page.reload()
    expect(page.get_by_role("heading", name="There is an older draft")).to_be_visible()
    assert "From the old page" not in page.content()
    page.get_by_role("button", name="Put it into the fields").click()
    expect(page.locator(FIRST)).to_have_value("From the old page")
    expect(kept(page)).to_contain_text(SAVED)
