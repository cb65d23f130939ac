"""A manager does a whole term in the browser: import, filter, allocate, change many, export, copy."""

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from portal.allocations.models import CourseOffering
from portal.extensions import db
from portal.jobs.running import run_waiting_jobs

pytestmark = pytest.mark.browser

FILES = {
    "subjects.csv": "Code,Title,Credits\nCS100,Programming,3\nCS200,Databases,3\nART10,Drawing,2\n",
    "classes.csv": "name,year,section\nCS 1A,1,A\nART 1A,1,A\n",
    "cohorts.csv": "code,name\nUG-2026,Undergraduates 2026\nUG-2027,Undergraduates 2027\n",
    "facilitators.csv": "employee_id,email,first_name,last_name,department,max_course_load\n"
    "F1,siya@example.org,Siya,Bhat,CS,3\nF2,ali@example.org,علي,حسن,ART,2\n",
    "offerings.csv": "module_code,class_name,cohort_code,mode,academic_year,trimester,intake_period,"
    "facilitator_employee_id,start_date,end_date,max_students\n"
    "CS100,CS 1A,UG-2026,Online,2026,3,FT,,2026-09-07,2026-12-20,30\n"
    "CS200,CS 1A,UG-2026,Online,2026,3,FT,,2026-09-07,2026-12-20,30\n"
    "ART10,ART 1A,UG-2026,In-person,2026,3,FT,,2026-09-07,2026-12-20,20\n",
}


def _work(app) -> None:
    """What the worker does."""
    with app.app_context():
        run_waiting_jobs()


def _import(page: Page, app) -> None:
    page.get_by_role("link", name="Import").click()
    files = [{"name": name, "mimeType": "text/csv", "buffer": text.encode()} for name, text in FILES.items()]
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name="Upload and look at them").click()
    # What the file of modules and its column of names are called is not known: say so.
    page.wait_for_url("**/imports/*/reading")
    page.get_by_label("What it holds").first.select_option(label="Modules")
    page.get_by_label("Name").first.select_option(label="Title")
    page.get_by_role("button", name="Check all rows").click()
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    _work(app)
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_hidden()
    _work(app)
    # The page follows the work, and goes to the report by itself.
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible()


def test_a_manager_does_a_whole_term_in_the_browser(page, browser_sign_in, live_server, make_fresh):
    app = live_server.app
    browser_sign_in(page, make_fresh.manager())
    page.goto("/allocations/")
    _import(page, app)

    # Filter, and allocate in the row.
    page.goto("/allocations/?department=&q=programming")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Allocate").click()
    page.get_by_role("combobox", name="Facilitator for").press_sequentially("siya")
    page.locator(".pick [role=option]").click()
    expect(page.locator("tbody .who")).to_contain_text("Siya Bhat")

    # Everything at once: the other course online gets her too.
    page.goto("/allocations/?mode=Online&status=none")
    page.locator("tbody [name=id]").check()
    page.locator(".bulk").get_by_role("button", name="Allocate").click()
    page.get_by_role("combobox", name="Facilitator").fill("F1")
    page.get_by_role("button", name="See what will change").click()
    page.get_by_role("button", name="Change 1 course").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 course allocated")

    # What is on the screen as a file.
    page.goto("/allocations/?facilitator=F1&sort=course")
    page.locator("#export summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Text (CSV)").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [row["Course"] for row in rows] == ["Databases", "Programming"]
    assert {row["Facilitator"] for row in rows} == {"Siya Bhat"}

    # The next year.
    page.goto("/allocations/rollover")
    page.get_by_role("button", name="See what will come").click()
    page.get_by_role("button", name="Copy 3 courses").click()
    page.wait_for_url("**/jobs/*")
    _work(app)
    # The page follows the work by itself.
    page.wait_for_url("**/allocations/bulk/*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 courses copied")
    with app.app_context():
        years = db.session.execute(
            select(CourseOffering.academic_year, func.count(), func.count(CourseOffering.facilitator_id))
            .group_by(CourseOffering.academic_year)
            .order_by(CourseOffering.academic_year)
        ).all()
    assert [tuple(row) for row in years] == [(2026, 3, 2), (2027, 3, 2)]
