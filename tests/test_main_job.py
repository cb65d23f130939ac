"""The main job from end to end on a real term, in the browser: import, allocate, change, export, tick, remind, copy."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from click.testing import Result
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from portal import clock
from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.extensions import db
from portal.jobs.running import run_waiting_jobs
from portal.tracker.models import ActivityLog
from tests.support.browser import PHONE, LiveServer
from tests.support.term import real_term_dir

# A Sunday: seven weeks are over, the log of the eighth is due tomorrow at 17:00.
SUNDAY = datetime(2026, 10, 18, 12, 0, tzinfo=UTC)
PASSWORD = "a-quiet-autumn-26"


def run(app: Flask, *args: str, stdin: str | None = None) -> str:
    """A command's output; its success is taken for granted."""
    answer: Result = app.test_cli_runner().invoke(args=args, input=stdin)
    assert answer.exit_code == 0, answer.output
    return answer.output


def pick_facilitator(app: Flask, courses: int = 4) -> tuple[str, str, str]:
    """Employee id, e-mail and full name of someone who teaches so many courses."""
    wanted = (
        select(Facilitator.employee_id, User.email, User.first_name, User.last_name)
        .join(User, User.id == Facilitator.user_id)
        .join(CourseOffering, CourseOffering.facilitator_id == Facilitator.id)
        .group_by(Facilitator.employee_id, User.email, User.first_name, User.last_name)
        .having(func.count(CourseOffering.id) == courses)
        .order_by(Facilitator.employee_id)
        .limit(1)
    )
    with app.app_context():
        employee_id, email, first, last = db.session.execute(wanted).one()
    return employee_id, email, f"{first} {last}"


def owed_by_address(app: Flask) -> dict[str, int]:
    """How many logs each person owes on that Sunday, by e-mail address."""
    owed = (
        select(User.email, func.count(ActivityLog.id))
        .join(Facilitator, Facilitator.user_id == User.id)
        .join(ActivityLog, ActivityLog.facilitator_id == Facilitator.id)
        .where(ActivityLog.submitted_at.is_(None), ActivityLog.week_number <= 8)
        .group_by(User.email)
    )
    with app.app_context():
        return dict(db.session.execute(owed).all())


def most_submit_their_weeks(app: Flask, email: str) -> None:
    """Nine in ten people have submitted all that is due; the one of this address still owes theirs."""
    owing = (
        select(Facilitator.id)
        .join(User, User.id == Facilitator.user_id)
        .where((Facilitator.id % 10 == 0) | (User.email == email))
    )
    theirs = ActivityLog.facilitator_id.not_in(owing), ActivityLog.week_number <= 8
    with app.app_context():
        db.session.execute(update(ActivityLog).where(*theirs).values(started_at=SUNDAY, submitted_at=SUNDAY))
        db.session.commit()


def sign_in(page: Page, email: str) -> None:
    page.goto("/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def work(app: Flask) -> None:
    """What the worker does."""
    with app.app_context():
        run_waiting_jobs()


def manager_imports(page: Page, app: Flask) -> None:
    """Files as somebody else calls them are mapped, checked row by row, and written without the faulty rows."""
    page.goto("/imports/")
    files = []
    for path in sorted(real_term_dir().glob("*.csv")):
        content = path.read_bytes()
        if path.stem == "modules":
            # A name that nobody can guess.
            content = content.replace(b"name", b"Bezeichnung", 1)
        files.append({"name": path.name, "mimeType": "text/csv", "buffer": content})
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Upload and look at them").click()
    page.wait_for_url("**/imports/*/reading")
    of_modules = page.locator("section.table-of").filter(has=page.get_by_role("heading", name=re.compile("modules")))
    of_modules.get_by_label(re.compile("^Name")).select_option(label="Bezeichnung")
    page.get_by_role("button", name="Check all rows").click()
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    work(app)
    confirm = page.get_by_role("button", name=re.compile(r"Import without the \d+ rows"))
    expect(confirm).to_be_visible(timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text("rows have errors")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(CourseOffering)) == 0
    confirm.click()
    expect(confirm).to_be_hidden()
    work(app)
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=30_000)


def manager_filters_to(page: Page, employee_id: str, name: str) -> None:
    """The manager looks the term over and filters it to one facilitator's courses."""
    page.goto("/allocations/")
    expect(page.get_by_role("heading", name="Allocations")).to_be_visible()
    expect(page.locator(".lead").first).to_contain_text("6,565 courses")
    page.get_by_role("combobox", name="Facilitator").fill(employee_id)
    page.get_by_role("option", name=re.compile(re.escape(name))).first.click()
    expect(page.locator(".lead").first).to_contain_text("4 courses")
    expect(page).to_have_url(re.compile(employee_id))
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(4)


def manager_allocates_what_is_open(page: Page, employee_id: str) -> None:
    """One course in its row, all others at once, which is then taken back; the list as a file says so."""
    page.goto("/allocations/?status=none")
    left = page.locator("tbody tr").count()
    page.get_by_role("link", name="Allocate").first.click()
    page.get_by_role("combobox", name="Facilitator for").press_sequentially(employee_id)
    page.locator(".pick [role=option]").first.click()
    expect(page.locator("tbody .who").first).not_to_be_empty()
    page.goto("/allocations/?status=none")
    expect(page.locator("tbody tr")).to_have_count(left - 1)
    page.locator("thead [data-ticks-all]").check()
    page.locator(".bulk").get_by_role("button", name="Places").click()
    page.get_by_label("Places").fill("44")
    page.get_by_role("button", name="See what will change").click()
    page.get_by_role("button", name=f"Change {left - 1} courses").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert places_of_open_courses(page) == {"44"}
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("main")).to_contain_text("44")
    assert "44" not in places_of_open_courses(page)


def places_of_open_courses(page: Page) -> set[str]:
    """The places of courses without anybody, as the file of the list has them."""
    here = page.url
    page.goto("/allocations/?status=none")
    page.locator("#export summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Text (CSV)").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert rows
    page.goto(here)
    return {row["Places"] for row in rows}


def manager_copies_the_term(page: Page, app: Flask) -> None:
    """Into the next year, with whoever teaches."""
    page.goto("/allocations/rollover")
    page.get_by_label("In cohort codes, replace").fill("")
    page.get_by_label("by", exact=True).fill("")
    page.get_by_label("Reason").fill("The same people next year")
    page.get_by_role("button", name="See what will come").click()
    page.get_by_role("button", name=re.compile(r"Copy [\d,]+ courses")).click()
    page.wait_for_url("**/jobs/*")
    work(app)
    page.wait_for_url("**/allocations/bulk/*", timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_contain_text("6,565 courses copied")
    page.goto("/allocations/?trimester=2027-3")
    expect(page.locator(".lead").first).to_contain_text("6,565 courses")


def facilitator_submits_a_week(phone: Page, link: str, name: str) -> str:
    """On a phone: accept the invitation, tick one open week, submit it. Gives the course's name."""
    phone.goto(link)
    phone.get_by_label("New password").fill(PASSWORD)
    phone.get_by_label("The same password again").fill(PASSWORD)
    phone.locator("main form button[type=submit]").click()
    expect(phone.get_by_role("heading", name="This week", level=1)).to_be_visible()
    phone.goto("/tracker/?week=2026-10-12")
    article = phone.locator("article.log").first
    course = article.locator("h3").inner_text()
    log_id = article.get_attribute("id")
    article = phone.locator(f"#{log_id}")
    for done in article.locator("fieldset.switch label.done").all():
        done.click()
    # Filled only when every item has been saved as done.
    submit = article.locator("button.primary", has_text="Submit week 8")
    expect(submit).to_be_visible()
    submit.click()
    expect(phone.locator(f"#{log_id} button", has_text="Submit week 8")).to_have_count(0)
    return course


def recipients(mails: list[EmailMessage]) -> dict[str, EmailMessage]:
    by_address = {str(mail["To"]).rpartition("<")[2].rstrip(">"): mail for mail in mails}
    assert len(by_address) == len(mails), "somebody got two mails"
    return by_address


def owed_in(mail: EmailMessage) -> int:
    """How many logs the subject says."""
    found = re.match(r"(\d+) weekly logs? to submit", str(mail["Subject"]))
    assert found, mail["Subject"]
    return int(found[1])


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_story_of_a_term(
    live_server: LiveServer,
    new_page: Callable[..., Page],
    mail_files: Callable[[Flask], list[EmailMessage]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = live_server.app
    monkeypatch.setattr(clock, "now", lambda: SUNDAY)
    run(app, "users", "add", "dean@example.edu", "--role", "manager", "--password-stdin", stdin=f"{PASSWORD}\n")
    desk = new_page(viewport={"width": 1280, "height": 800})
    desk.set_default_timeout(60_000)
    sign_in(desk, "dean@example.edu")
    expect(desk.get_by_role("heading", name="Compliance")).to_be_visible()

    manager_imports(desk, app)
    employee_id, email, name = pick_facilitator(app)
    manager_filters_to(desk, employee_id, name)

    link = run(app, "users", "invite", email).strip().splitlines()[-1]
    course = facilitator_submits_a_week(new_page(**PHONE), link[link.index("/invitations/") :], name)

    most_submit_their_weeks(app, email)
    owed = owed_by_address(app)
    assert owed[email] == 4 * 8 - 1
    assert 200 < len(owed) < 400  # a mail for each; nobody else is told
    run(app, "reminders", "run", "--at", SUNDAY.isoformat())
    mails = recipients(mail_files(app))
    alert = mails.pop("dean@example.edu")
    assert re.match(r"\d+ weeks stay missing", str(alert["Subject"]))
    assert {address: owed_in(mail) for address, mail in mails.items()} == owed
    assert_names_the_others(app, mails[email], email, course)

    run(app, "reminders", "run", "--at", SUNDAY.isoformat())
    written = list((app.config["PORTAL"].portal_data_dir / "mail").glob("**/*.eml"))
    assert len(written) == len(mails) + 1, "a second run reminded again"

    manager_allocates_what_is_open(desk, pick_facilitator(app, courses=1)[0])
    manager_copies_the_term(desk, app)


def assert_names_the_others(app: Flask, mail: EmailMessage, email: str, course: str) -> None:
    """Week 8 stands in the mail for three of the four courses, the earlier weeks for all four."""
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert text.count("Weeks 1–7") == 4
    assert text.count("Week 8, due") == 3
    assert course in text  # its earlier weeks are still owed
