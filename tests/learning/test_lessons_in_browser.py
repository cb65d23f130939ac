"""Lessons in a real browser: preview, upload in parts, order by keyboard; pages without a fault that axe sees."""

import pytest
from playwright.sync_api import expect

from tests.learning.test_files import png
from tests.support.browser import LOOKS

pytestmark = pytest.mark.browser
TEXT = "# Head\n\n$x^2$\n\n| a |\n|---|\n| 1 |\n\n```python\nprint(1)  # one\n```\n\n[out](https://example.org)"
QUESTION = {"id": "q", "kind": "one", "prompt": "One?", "explanation": "So.",
            "options": [{"text": "Yes", "right": True}, {"text": "No", "right": False}]}  # fmt: skip


@pytest.fixture
def teacher(make_fresh):
    return make_fresh.facilitator()


@pytest.fixture
def course(make_fresh, teacher):
    return make_fresh.offering(teacher)


def test_a_lesson_is_written_with_a_preview_and_a_picture(new_page, browser_sign_in, teacher, course):
    page = new_page()
    browser_sign_in(page, teacher)
    page.goto(f"/courses/{course.id}/lessons/new")
    page.get_by_label("Title").fill("First")
    page.get_by_label("Text", exact=True).press_sequentially("**bold** ![It](drawing.png)")
    expect(page.locator("#preview strong")).to_have_text("bold")
    expect(page.locator("#preview")).to_contain_text("No file of this lesson is called so: drawing.png.")
    page.get_by_role("button", name="Save the lesson").click()
    picture = {"name": "drawing.png", "mimeType": "image/png", "buffer": png()}
    page.get_by_label("Add files").set_input_files(picture)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".uploads")).to_contain_text("drawing.png is uploaded.")
    expect(page.locator(".file-list")).to_contain_text("drawing.png")
    expect(page.locator("#preview img")).to_have_attribute("alt", "It")
    page.get_by_label("Add files").set_input_files({"name": "a.svg", "mimeType": "image/png", "buffer": b"<svg>"})
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".uploads .failed")).to_contain_text("SVG drawing")


def test_an_upload_that_a_reload_broke_off_is_said_and_goes_on(
    new_page, browser_sign_in, make_fresh, teacher, course, tmp_path, monkeypatch
):
    monkeypatch.setattr("portal.learning.services.files.PART_SIZE", 1000)
    path = tmp_path / "a: plan.txt"
    path.write_bytes(b"line of text\n" * 300)
    lesson = make_fresh.lesson(course)
    page, sent = new_page(), []
    page.on("dialog", lambda dialog: dialog.accept())  # the browser asks whether to leave while something goes up
    page.on("request", lambda asked: sent.append(asked.url.rsplit("/", 1)[1]) if "/uploads/" in asked.url else None)
    browser_sign_in(page, teacher)
    page.goto(f"/courses/{course.id}/lessons/{lesson.id}/edit")
    page.route("**/uploads/*/2", lambda route: route.abort())
    page.get_by_label("Add files").set_input_files(path)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".uploads")).to_contain_text("the connection is gone")
    page.reload()
    expect(page.locator(".uploads")).to_contain_text("a: plan.txt did not go up whole. Choose it once more")
    page.unroute("**/uploads/*/2")
    sent.clear()
    page.get_by_label("Add files").set_input_files(path)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".uploads")).to_contain_text("a: plan.txt is uploaded.")
    assert sent[1:] == ["2", "3"], "what had gone up was kept"
    page.reload()
    expect(page.locator(".file-list")).to_contain_text("plan.txt")
    expect(page.locator(".uploads")).to_be_empty()


def test_lessons_move_by_dragging(new_page, browser_sign_in, make_fresh, teacher, course):
    for name in ("Alpha", "Beta", "Gamma"):
        make_fresh.lesson(course, title=name)
    page = new_page()
    browser_sign_in(page, teacher)
    page.goto(f"/courses/{course.id}/lessons/")
    rows = page.locator(".lesson-rows tbody tr")
    with page.expect_response("**/lessons/order"):
        rows.nth(2).locator("[draggable=true]").drag_to(rows.nth(0), target_position={"x": 40, "y": 4})
    expect(rows.nth(0)).to_contain_text("Gamma")
    expect(page.locator("#live")).to_have_text("Moved to place 1 of 3.")
    page.reload()
    expect(rows).to_contain_text(["Gamma", "Alpha", "Beta"])


def test_lessons_move_by_keyboard_alone_and_the_focus_stays(new_page, browser_sign_in, make_fresh, teacher, course):
    for name in ("Alpha", "Beta", "Gamma"):
        make_fresh.lesson(course, title=name)
    page = new_page()
    browser_sign_in(page, teacher)
    page.goto(f"/courses/{course.id}/lessons/")
    page.get_by_role("button", name="Move Gamma up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_have_text("Moved to place 2 of 3.")
    expect(page.locator(".lesson-rows tbody tr").nth(1)).to_contain_text("Gamma")
    expect(page.get_by_role("button", name="Move Gamma up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".lesson-rows tbody tr").nth(0)).to_contain_text("Gamma")


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_no_page_has_a_fault_that_axe_sees(new_page, browser_sign_in, make_fresh, axe, size, scheme, language):
    teacher = make_fresh.facilitator(locale=language)
    course = make_fresh.offering(teacher)
    lesson = make_fresh.lesson(course, body=TEXT, questions=[QUESTION])
    student = make_fresh.student(locale=language)
    make_fresh.enrolment(course, student)
    base = f"/courses/{course.id}/lessons"
    page = new_page(viewport=size, color_scheme=scheme)
    browser_sign_in(page, teacher)
    for end in ("/", f"/{lesson.id}/edit", f"/{lesson.id}/versions/1", f"/{lesson.id}/questions", "/progress", "/copy"):
        page.goto(base + end)
        assert axe(page) == [], end
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), end
    reader = new_page(viewport=size, color_scheme=scheme)
    browser_sign_in(reader, student)
    reader.goto(f"{base}/{lesson.id}")
    reader.locator(".question input[name=answer]").first.check()
    reader.locator(".question button").click()
    expect(reader.locator(".result")).to_contain_text("So.")
    assert axe(reader) == []
    assert reader.evaluate("document.documentElement.scrollWidth <= innerWidth")
