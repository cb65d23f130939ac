"""From an empty home to a certificate, by the pages alone: an open course with a picture and three lessons."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from portal import clock
from tests.courses.test_writing import png

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LESSONS = ("What the axes hide", "Averages", "Maps of people")


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def write_lesson(page: Page, title: str) -> None:
    go(page, "New lesson")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text").fill(f"Some words on **{title.lower()}**.")
    page.get_by_label("Now", exact=True).check()
    press(page, "Save the lesson")
    expect(page.get_by_text("is saved. Files and a quick check can be added now.")).to_be_visible()
    go(page, "Back to the lessons")


def publish_a_course(page: Page, axe) -> None:
    """What somebody does who has never seen it."""
    page.goto("/")
    go(page, "My courses")
    go(page, "New open course")
    page.get_by_label("Title").fill("Reading graphs")
    page.get_by_label("Summary").fill("What a figure says, and what it leaves out.")
    page.get_by_label("Syllabus").fill("- Axes\n- Averages\n- Maps")
    page.get_by_label("First day").fill(clock.now().date().isoformat())
    page.get_by_label("Last day").fill((clock.now().date() + timedelta(days=300)).isoformat())
    page.get_by_label("Places").fill("1")
    assert axe(page) == []
    press(page, "Make the course")
    expect(page.get_by_text("Your course is a draft")).to_be_visible()
    picture = {"name": "graph.png", "mimeType": "image/png", "buffer": png()}
    page.get_by_label("Choose a picture").set_input_files(picture)
    page.get_by_label("What the picture shows").fill("A line that goes up")
    press(page, "Save the picture")
    expect(page.get_by_role("img", name="A line that goes up")).to_be_visible()
    assert axe(page) == []
    page.get_by_label("Course", exact=True).get_by_role("link", name="Lessons").click()
    for title in LESSONS:
        write_lesson(page, title)
    page.get_by_label("Course", exact=True).get_by_role("link", name="Edit").click()
    press(page, "Publish")
    expect(page.get_by_text("Students find it in the catalogue.")).to_be_visible()


def take_it(page: Page, axe) -> None:
    """A student finds it, enrols, does all lessons and gets the certificate."""
    page.goto("/courses/")
    go(page, "Catalogue")
    page.get_by_label("Search").fill("graphs")
    expect(page.get_by_role("heading", name="Reading graphs")).to_be_visible()
    assert axe(page) == []
    go(page, "Reading graphs")
    picture = page.get_by_role("img", name="A line that goes up")
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 2
    press(page, "Enrol")
    expect(page.get_by_text("You are on this course.")).to_be_visible()
    assert axe(page) == []
    page.goto("/courses/")
    go(page, f"Next: {LESSONS[0]}")
    for title in LESSONS:
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
        press(page, "Mark as done")
    expect(page.get_by_text("3 of 3 lessons done").first).to_be_visible()
    page.goto("/courses/")
    expect(page.get_by_text("3 of 3 lessons done")).to_be_visible()
    assert axe(page) == []
    go(page, "Certificate")
    expect(page.get_by_role("heading", name="Certificate of completion")).to_be_visible()
    assert axe(page) == []


def test_a_facilitator_publishes_a_course_and_a_student_completes_it(
    new_page, make_fresh, browser_sign_in, axe
) -> None:
    teacher, student, late = make_fresh.facilitator(), make_fresh.student(), make_fresh.student(locale="fr")
    make_fresh.mode("Self-paced", expects_weekly_log=False)
    page = new_page()
    browser_sign_in(page, teacher)
    publish_a_course(page, axe)
    own = new_page()
    browser_sign_in(own, student)
    take_it(own, axe)
    phone = new_page(viewport={"width": 320, "height": 640}, color_scheme="dark", locale="fr-FR")
    browser_sign_in(phone, late)
    phone.goto("/courses/catalogue")
    phone.get_by_role("link", name="Reading graphs").click()
    phone.get_by_role("button", name=re.compile("liste d’attente")).click()
    expect(phone.get_by_text("Vous êtes au rang 1 de la liste d’attente.")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    assert axe(phone) == []
    page.reload()
    page.get_by_label("Course", exact=True).get_by_role("link", name="Students").click()
    expect(page.get_by_role("heading", name="Waiting list")).to_be_visible()
    expect(page.get_by_text("completed")).to_be_visible()
    assert axe(page) == []
