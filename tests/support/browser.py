"""A live server and a real Chromium."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.support.people import Person
from tests.support.stage import AXE, AXE_FILE, Stage
from tests.support.tabs import Tab, Tabs
from tests.support.web import session_of

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_WIDE, _NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 640}
# Size, colour scheme and language: every pair of them once, which is half of what every combination would take.
LOOKS = [
    pytest.param(_WIDE, "light", "en", id="wide-light-en"),
    pytest.param(_NARROW, "dark", "fr", id="narrow-dark-fr"),
]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@dataclass(frozen=True, slots=True)
class LiveServer:
    """An application that answers on a port of this machine."""

    url: str
    app: Flask


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The one address of this test process."""
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture
def live_server(fresh_app: Flask, stage: Stage) -> Iterator[LiveServer]:
    """`fresh_app`, served by threads."""
    with stage.show(fresh_app):
        yield LiveServer(stage.url, fresh_app)


@cache
def find_chromium(*, whole: bool = False) -> str | None:
    """The system's Chromium or Chrome; unless the `whole` is asked for, the shell without windows, a third as heavy."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    if not whole:
        names.insert(0, "chromium-headless-shell")
    return next((path for path in map(shutil.which, names) if path), None)


@pytest.fixture(scope="session")
def chromium(leave_out: Callable[[str], None]) -> Iterator[Browser]:
    """One browser for the whole run."""
    program = find_chromium()
    if program is None:
        leave_out("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tabs(chromium: Browser) -> Tabs:
    """Its pages that go from test to test."""
    return Tabs(chromium)


@pytest.fixture
def new_page(tabs: Tabs, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Makes pages, each as good as in a new context of its own with Playwright's context options.

    Errors in a page's scripts and violations of its security policy fail the test at its end.
    """
    usual = {
        "base_url": live_server.url, "locale": "en-GB", "viewport": _WIDE, "color_scheme": "light",
        "java_script_enabled": True,
    }  # fmt: skip
    lent: list[Tab] = []

    def make(**options: Any) -> Page:
        lent.append(tabs.lend(usual | options))
        return lent[-1].page

    yield make
    for tab in lent:
        tabs.take_back(tab, keep=tab.options["base_url"] == live_server.url)
    faults = [fault for tab in lent for fault in tab.faults]
    assert not faults, "the page's console: " + "\n".join(faults)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page of 1280 × 800."""
    return new_page()


@pytest.fixture
def browser_sign_in(live_server: LiveServer) -> Callable[[Page, Person], None]:
    """Signs a person in without their password, by the cookie that the application would have set."""

    def do(page: Page, person: Person) -> None:
        client = live_server.app.test_client()
        with client.session_transaction() as session:
            session.update(session_of(person, live_server.app))
        name = live_server.app.config["SESSION_COOKIE_NAME"]
        cookie = client.get_cookie(name)
        assert cookie is not None
        page.context.add_cookies([{"name": name, "value": cookie.value, "url": live_server.url}])

    return do


@pytest.fixture
def axe(request: pytest.FixtureRequest, stage: Stage) -> Callable[[Page], list[str]]:
    """Gives a page's violations of WCAG 2.2 AA, one line each.

    A test that is not played in both colour schemes itself, as LOOKS has it, gets the contrast of the other one too.
    The page stays in that scheme: to paint it once more takes a tenth of the check.
    """
    played_in_both = "scheme" in request.fixturenames

    def check(page: Page) -> list[str]:
        _bring_axe(page, stage)
        scheme, found = page.evaluate(_FIND_VIOLATIONS, _rules("tag", _WCAG))
        if not played_in_both:
            page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
            found += page.evaluate(_FIND_VIOLATIONS, _rules("rule", ["color-contrast"]))[1]
        return [f"{one['id']}: {one['help']} in {html[:200]}" for one in found for html in one["nodes"]]

    return check


def _bring_axe(page: Page, stage: Stage) -> None:
    """Have axe in a page, whose own policy stays in force."""
    if page.url.startswith(stage.url):
        page.evaluate(_ADD_SCRIPT, AXE)
    else:
        page.evaluate(AXE_FILE.read_text())


def _rules(kind: str, values: list[str]) -> dict[str, object]:
    # Without preloading: axe would put style sheets into the page, which its policy refuses.
    return {"preload": False, "resultTypes": ["violations"], "runOnly": {"type": kind, "values": values}}


# Colours on their way from one scheme to the other are at their goal at once.
_SETTLE = """(() => document.getAnimations().forEach((one) => {
  if (one.effect?.getComputedTiming().endTime !== Infinity) one.finish();
}))"""


# From the page's own address, with the leave that its policy gave to its own scripts: the browser keeps the file and
# what it made of it, while half a megabyte of text would have to be sent and read for each page.
_ADD_SCRIPT = """(address) => new Promise((done, fail) => {
  const script = document.createElement("script");
  script.nonce = document.querySelector("script[nonce]")?.nonce ?? "";
  script.onload = done;
  script.onerror = () => fail(new Error(`${address} was not loaded`));
  script.src = address;
  document.head.append(script);
  script.remove();
})"""


# Only what is told is brought out of the page: all that is in order would be much more.
_FIND_VIOLATIONS = f"""async (options) => {{
  {_SETTLE}();
  const {{violations}} = await axe.run(document, options);
  return [
    matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
    violations.map(({{id, help, nodes}}) => ({{id, help, nodes: nodes.map((node) => node.html)}})),
  ];
}}"""


__all__ = ["ARGUMENTS", "LOOKS", "PHONE", "Error", "LiveServer", "Page", "find_chromium"]
