"""The page of the API's document: Swagger UI under the strict policy, on a phone and in the dark, with a token."""

import pytest
from playwright.sync_api import expect

from tests.support.api import bearer_of
from tests.support.browser import PHONE

pytestmark = pytest.mark.one_database


def only_modules(app):
    """The document without most of its ninety operations, which take seconds to draw."""
    whole = app.test_client().get("/api/openapi.json").json
    return whole | {"paths": {path: of for path, of in whole["paths"].items() if path.startswith("/modules")}}


def test_an_operation_is_tried_with_a_token_on_a_phone_in_the_dark(new_page, make_fresh, fresh_app):
    token = bearer_of(fresh_app, make_fresh.manager())
    page = new_page(**PHONE, color_scheme="dark")
    page.route("**/api/openapi.json", lambda route: route.fulfill(json=only_modules(fresh_app)))
    page.goto("/api/docs")
    page.locator("button.authorize").first.click()
    page.locator(".auth-container input").fill(token)
    page.locator(".auth-btn-wrapper button.authorize").click()
    page.locator(".btn-done").click()
    one = page.locator("#operations-modules-index_modules")
    one.locator(".opblock-summary-control").click()
    one.locator(".try-out__btn").click()
    one.locator(".execute").click()
    expect(one.locator(".live-responses-table")).to_contain_text("x-total-count")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(28, 32, 34)"
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).not_to_have_class("dark-mode")
