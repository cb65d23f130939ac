"""Takes the pictures of docs/ from a running demo: `script/server`, then `python -m tests.support.pictures`.

The demo lies around the day it was loaded, so the pictures show other dates each time, and the same things.
"""

import base64
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import find_chromium

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
DESK, PHONE = {"width": 1180, "height": 760}, {"width": 390, "height": 780}
# Name, who looks, where, on what. Where it says so, the first link or button that fits is followed.
PICTURES = [
    ("allocations", "manager", "/allocations/", DESK, None),
    ("compliance", "manager", "/compliance/", DESK, None),
    ("this-week", "facilitator", "/tracker/", DESK, None),
    ("this-week-phone", "facilitator", "/tracker/", PHONE, None),
    ("attendance", "facilitator", "/tracker/", DESK, "a[href$='/attendance']"),
    ("my-courses", "student", "/courses/", DESK, None),
    ("lesson", "student", "/courses/9", DESK, "main a[href*='/lessons/']"),
    ("reflection", "student", "/reflections/", PHONE, "main a[href*='/reflections/']"),
]


def enter(browser: Browser, address: str, role: str, language: str, size: dict[str, int]) -> Page:
    """A page of somebody of the demo who has signed in and reads this language."""
    context = browser.new_context(viewport=size, locale=language, device_scale_factor=1, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}/login")
    page.fill("input[name=email]", f"{role}@demo.example.org")
    page.fill("input[name=password]", "demo-pass-2026")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    if page.locator("html").get_attribute("lang") != language:
        with page.expect_navigation():
            page.locator(f"button[lang={language}]").first.evaluate("button => button.click()")
    return page


def take(browser: Browser, address: str, language: str) -> None:
    """All pictures in one language."""
    folder = IMAGES if language == "en" else IMAGES / language
    folder.mkdir(exist_ok=True)
    for name, role, path, size, follow in PICTURES:
        page = enter(browser, address, role, language, size)
        page.goto(address + path)
        if follow:
            page.locator(follow).first.click()
        page.wait_for_load_state("networkidle")
        # WebP holds a page in a third of the bytes of PNG, and the driver's own screenshots do not know it.
        shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": 82})
        (folder / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))
        page.context.close()


def main(address: str = "http://127.0.0.1:8000") -> None:
    """Every picture, in English and in French."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_chromium())
        for language in ("en", "fr"):
            take(browser, address, language)


if __name__ == "__main__":
    main(*sys.argv[1:])
