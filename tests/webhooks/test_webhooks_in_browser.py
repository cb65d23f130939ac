"""Webhooks in a browser: from the first endpoint to a message that is sent again with a new secret."""

import re

import pytest
from playwright.sync_api import expect
from standardwebhooks import Webhook

from portal.webhooks.delivering import deliver_messages
from portal.webhooks.sealing import box_of

pytestmark = pytest.mark.browser


@pytest.fixture
def settings(fresh_app, monkeypatch):
    """Settings with which messages may go to this machine."""
    found = fresh_app.config["PORTAL"]
    monkeypatch.setattr(found, "webhook_networks", "127.0.0.0/8")
    monkeypatch.setattr(found, "webhook_http", True)
    return found


@pytest.fixture
def work(fresh_app, settings):
    """Lets a worker send what is due."""

    def do():
        with fresh_app.app_context():
            return deliver_messages(settings, box_of(fresh_app.config["SECRET_KEY"]))

    return do


def test_an_endpoint_is_made_tried_and_given_a_new_secret(
    page, axe, browser_sign_in, make_fresh, settings, work, receiver
):
    browser_sign_in(page, make_fresh.admin())
    page.goto("/admin/webhooks/")
    page.get_by_role("link", name="Add an endpoint").click()
    page.get_by_label("What the endpoint is for").fill("Timetable")
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.get_by_label("What the endpoint is for")).to_have_value(
        "Timetable"
    )  # its address is missing; nothing typed is lost
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Add the endpoint").click()
    secret = page.get_by_label("Signing secret").input_value()
    assert secret.startswith("whsec_")
    assert axe(page) == []
    page.goto("/admin/webhooks/")
    page.get_by_role("link", name="Timetable").click()
    expect(page.get_by_text("No message yet")).to_be_visible()
    assert "whsec_" not in page.content(), "it is shown once"

    receiver.answer = lambda _request: (500, b"not now", {})
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator(".messages tbody tr")).to_have_count(1)
    work()
    expect(page.get_by_text("next attempt")).to_be_visible(timeout=15_000)  # the page looks again by itself
    page.get_by_text("1 attempt").click()
    expect(page.get_by_text("not now", exact=True)).to_be_visible()
    assert axe(page) == []

    receiver.answer = lambda _request: (200, b"thanks", {})
    page.get_by_text("Secret and switch").click()
    page.get_by_role("button", name="Make a new secret").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Make a new secret").click()
    fresh = page.get_by_label("Signing secret").input_value()
    assert fresh != secret
    while len(receiver.received) < 2:  # it is tried again after some seconds
        page.wait_for_timeout(500)
        work()
    expect(page.locator(".messages").get_by_text("Delivered")).to_be_visible(timeout=15_000)
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    Webhook(secret).verify(first.body, first.headers)
    for one in (secret, fresh):  # both sign for a day
        Webhook(one).verify(second.body, second.headers)

    page.get_by_role("button", name=re.compile("^Send again")).click()
    page.get_by_text("2 attempts").click()
    work()
    expect(page.get_by_text("3 attempts")).to_be_visible(timeout=15_000)
    expect(page.locator(".messages details")).to_have_attribute("open", "")  # it stays as somebody opened it
    expect(page.locator("#facts")).to_contain_text(re.compile(r"Delivered\s*1\s*Waiting\s*0"))
    assert len(receiver.received) == 3
