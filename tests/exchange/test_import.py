"""What an import creates, changes and leaves alone."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.audit.models import AuditEvent
from portal.catalogue.models import CalendarBreak, ClassGroup, Cohort, Department, Module
from portal.enrolments.models import Enrolment
from portal.exchange.models import ImportRun
from portal.extensions import db
from portal.tracker.models import ActivityLog
from tests.support.files import COURSE, FIRST, LAST, SMALL, counts, everything, read_rows
from tests.support.term import HEADERS, write_table

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]
pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]  # Wednesday 14 October 2026


@pytest.mark.every_database
def test_a_term_is_created_from_its_files(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    result = run("exchange", "import", small_term)
    assert result.exit_code == 0, result.output
    created = {f"{kind}.csv": (len(rows), 0, 0, 0, 0) for kind, rows in SMALL.items()}
    assert counts(result.output) == created
    assert rows_of(Module.code, Module.name, Module.name_folded, Module.credits, Module.level) == [
        ("CS101", "Programming", "programming", 3, "100"),
        ("CS102", "Data, and more", "data, and more", 4, "100"),
    ]
    assert rows_of(Department.code, Department.name) == [("CS", "CS")]
    assert rows_of(ClassGroup.name, ClassGroup.year, ClassGroup.section) == [("CS A", 2026, "A"), ("CS B", 2026, "B")]
    assert rows_of(Cohort.code, Cohort.program, Cohort.start_date) == [("CS-UG-2026", "CS", date(2026, 8, 24))]
    assert rows_of(Enrolment.status, Enrolment.source) == [("active", "import"), ("waitlisted", "import")]


def test_new_people_wait_for_their_invitation(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    run("exchange", "import", small_term)
    columns = (User.email, User.name_folded, User.role, User.password_hash, User.is_active)
    assert rows_of(*columns) == [
        ("isil@example.edu", "demir isil", "student", None, True),
        ("jurgen.gross@example.edu", "gross jurgen", "facilitator", None, True),
        ("ngozi@example.edu", "okafor ngozi", "student", None, True),
        ("thuy.dang@example.edu", "dang thuy", "facilitator", None, True),
    ]


def test_a_course_counts_who_holds_a_place_and_is_taught_from_its_first_day(
    run: Run, rows_of: RowsOf, small_term: Path
) -> None:
    run("exchange", "import", small_term)
    columns = (CourseOffering.max_students, CourseOffering.enrolled_count, CourseOffering.allocated_on)
    assert rows_of(*columns, CourseOffering.status, CourseOffering.trimester) == [
        (25, 1, date(2026, 8, 24), "active", 3),
        (30, 0, None, "active", 3),
    ]


def test_the_weekly_logs_are_planned_around_the_break(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    result = run("exchange", "import", small_term)
    weeks = [row[0] for row in rows_of(ActivityLog.week_start)]
    assert len(weeks) == 15
    assert date(2026, 11, 23) not in weeks
    assert "15 weekly logs were planned." in result.output


@pytest.mark.parametrize(
    ("today", "status"), [("2026-08-23", "planned"), ("2026-08-24", "active"), ("2026-12-10", "completed")]
)
def test_a_course_has_the_status_of_its_dates(
    run: Run, rows_of: RowsOf, small_term: Path, frozen_time: Any, today: str, status: str
) -> None:
    frozen_time.move_to(f"{today}T12:00:00+00:00")
    run("exchange", "import", small_term)
    assert {row[0] for row in rows_of(CourseOffering.status)} == {status}


@pytest.mark.every_database
def test_importing_again_changes_nothing(app: Flask, run: Run, small_term: Path) -> None:
    run("exchange", "import", small_term)
    before = everything(app)
    result = run("exchange", "import", small_term)
    assert counts(result.output) == {f"{kind}.csv": (0, 0, len(rows), 0, 0) for kind, rows in SMALL.items()}
    assert "nothing to write" in result.output
    after = everything(app)
    assert len(after.pop("import_runs")) == len(before.pop("import_runs")) + 1
    assert after == before


def test_a_dry_run_reports_the_same_and_writes_nothing(app: Flask, run: Run, small_term: Path) -> None:
    before = everything(app)
    dry = run("exchange", "import", small_term, "--dry-run")
    assert dry.exit_code == 0
    assert "nothing was written" in dry.output
    assert everything(app) == before
    assert counts(dry.output) == counts(run("exchange", "import", small_term).output)


@pytest.mark.every_database
def test_changed_values_are_updates(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    run("exchange", "import", small_term)
    write_table(small_term, "modules", [("CS101", "Programmation", "INF", "200", 6), SMALL["modules"][1]])
    write_table(small_term, "facilitators", [("F1", "j.gross@example.edu", "Jürgen", "Große", "INF", 9)])
    write_table(small_term, "students", [("S2", "isil@example.edu", "Işıl", "Kaya", "CS-UG-2026")])
    write_table(small_term, "enrolments", [("S2", *COURSE, "active")])
    write_table(small_term, "breaks", [("Fall break", "2026-11-23", "2026-11-27")])
    result = run("exchange", "import", small_term)
    assert counts(result.output)["modules.csv"] == (0, 1, 1, 0, 0)
    assert rows_of(Module.code, Module.name_folded, Module.level, Module.credits)[0] == (
        "CS101",
        "programmation",
        "200",
        6,
    )
    assert ("j.gross@example.edu", "grosse jurgen") in rows_of(User.email, User.name_folded)
    assert rows_of(Facilitator.employee_id, Facilitator.department, Facilitator.max_course_load)[0] == ("F1", "INF", 9)
    assert ("isil@example.edu", "Kaya") in rows_of(User.email, User.last_name)
    assert [row[0] for row in rows_of(Enrolment.status)] == ["active", "active"]
    assert (25, 2) in rows_of(CourseOffering.max_students, CourseOffering.enrolled_count)
    assert rows_of(CalendarBreak.end_date) == [(date(2026, 11, 27),)]


def test_a_whole_number_may_be_written_as_25_0(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    year, trimester = COURSE[4:6]
    course = (*COURSE[:4], f"{year}.0", f"{trimester}.0", COURSE[6])
    write_table(small_term, "offerings", [(*course, "F1", FIRST, LAST, "25.0")])
    run("exchange", "import", small_term)
    assert rows_of(CourseOffering.max_students, CourseOffering.academic_year) == [(25, 2026)]
    write_table(small_term, "offerings", [(*COURSE, "F1", FIRST, LAST, "25.5")])
    assert "column max_students “25.5”: This must be a whole number" in run("exchange", "import", small_term).output


def test_a_column_that_is_missing_leaves_what_is_stored(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    run("exchange", "import", small_term)
    (small_term / "modules.csv").write_text("name,code\nAlgorithms,CS101\n")
    (small_term / "offerings.csv").write_text(
        f"module_code,class_name,cohort_code,mode,start_date,end_date\nCS101,CS A,CS-UG-2026,In-person,{FIRST},{LAST}\n"
    )
    result = run("exchange", "import", small_term)
    assert counts(result.output)["offerings.csv"] == (0, 0, 1, 0, 0)
    assert rows_of(Module.code, Module.name, Module.level, Module.credits)[0] == ("CS101", "Algorithms", "100", 3)


@pytest.mark.parametrize(
    ("start", "end", "trimester"),
    [("2026-01-12", "2026-04-30", 1), ("2026-05-04", "2026-08-21", 2), ("2026-08-24", "2026-12-09", 3)],
)
def test_year_trimester_and_intake_follow_from_the_first_day(
    run: Run, rows_of: RowsOf, small_term: Path, start: str, end: str, trimester: int
) -> None:
    (small_term / "enrolments.csv").unlink()
    row = ("CS101", "CS A", "CS-UG-2026", "In-person", "", "", "", "F1", start, end, "")
    write_table(small_term, "offerings", [row])
    assert run("exchange", "import", small_term).exit_code == 0
    columns = (CourseOffering.academic_year, CourseOffering.trimester, CourseOffering.intake_period)
    assert rows_of(*columns, CourseOffering.max_students) == [(2026, trimester, "FT", 30)]


@pytest.mark.every_database
def test_codes_are_known_in_any_spelling(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    run("exchange", "import", small_term)
    write_table(small_term, "modules", [("cs101", "Programming", "cs", "100", 3)])
    write_table(
        small_term, "offerings", [("Cs101", "cs a", "cs-ug-2026", "in-PERSON", 2026, 3, "ft", "f1", FIRST, LAST, 25)]
    )
    result = run("exchange", "import", small_term)
    assert counts(result.output)["modules.csv"] == counts(result.output)["offerings.csv"] == (0, 0, 1, 0, 0)
    assert [row[0] for row in rows_of(Module.code)] == ["CS101", "CS102"]


def test_another_facilitator_takes_over_the_coming_weeks(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    run("exchange", "import", small_term)
    write_table(small_term, "offerings", [(*COURSE, "F2", FIRST, LAST, 25)])
    result = run("exchange", "import", small_term)
    assert counts(result.output)["offerings.csv"] == (0, 1, 0, 0, 0)
    ids = {employee: row_id for row_id, employee in rows_of(Facilitator.id, Facilitator.employee_id)}
    owed = dict(rows_of(ActivityLog.week_number, ActivityLog.facilitator_id))
    # Weeks whose deadline has passed stay with who taught then: seven were due before 14 October.
    assert owed == {week: ids["F1"] if week <= 7 else ids["F2"] for week in range(1, 16)}
    rows = rows_of(CourseOffering.allocated_on, CourseOffering.version)
    assert (date(2026, 8, 24), 2) in rows


def test_a_first_facilitator_owes_logs_from_today(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    run("exchange", "import", small_term)
    row = list(SMALL["offerings"][1])
    row[7] = "F2"
    write_table(small_term, "offerings", [row])
    run("exchange", "import", small_term)
    assert (date(2026, 10, 14),) in rows_of(CourseOffering.allocated_on)


def test_an_empty_facilitator_takes_the_allocation_away(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    run("exchange", "import", small_term)
    write_table(small_term, "offerings", [(*COURSE, "", FIRST, LAST, 25)])
    run("exchange", "import", small_term)
    assert rows_of(CourseOffering.facilitator_id, CourseOffering.allocated_on) == [(None, None), (None, None)]


def test_more_courses_than_the_limit_are_no_error(run: Run, small_term: Path) -> None:
    write_table(small_term, "facilitators", [("F1", "jurgen.gross@example.edu", "Jürgen", "Groß", "CS", 0)])
    assert run("exchange", "import", small_term).exit_code == 0


def test_every_change_leaves_an_audit_row(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    run("exchange", "import", small_term)
    write_table(small_term, "classes", [("CS A", "2027", "A")])
    run("exchange", "import", small_term)
    rows = rows_of(AuditEvent.entity, AuditEvent.action)
    assert rows.count(("course_offerings", "create")) == 2
    assert rows.count(("enrolments", "create")) == 2
    assert rows.count(("users", "create")) == 4
    assert rows.count(("classes", "update")) == 1


@pytest.mark.every_database
def test_names_from_files_are_found_without_accents(run: Run, rows_of: RowsOf, folder: Path) -> None:
    for name in ("Été A", "ÉTÉ B"):
        write_table(folder, "classes", [("K", "2026", "A")])
        write_table(folder, "cohorts", [("C", name, "CS", FIRST, LAST)])
        assert run("exchange", "import", folder).exit_code == 0
        assert rows_of(Cohort.name_folded) == [(name.lower().replace("é", "e"),)]
    assert rows_of(ClassGroup.name_folded) == [("k",)]


def test_a_manager_who_teaches_takes_the_name_of_the_file_with_an_audit_row(
    app: Flask, make: Any, run: Run, rows_of: RowsOf, folder: Path
) -> None:
    manager = make.manager(email="ada@example.edu", first_name="Ada", last_name="King")
    same = make.manager(email="joan@example.edu", first_name="Joan", last_name="Clarke")
    write_table(
        folder,
        "facilitators",
        [("F1", manager.email, "Ada", "Lovelace", "CS", 4), ("F2", same.email, "Joan", "Clarke", "CS", 4)],
    )
    assert run("exchange", "import", folder).exit_code == 0
    assert ("ada@example.edu", "Lovelace", "lovelace ada") in rows_of(User.email, User.last_name, User.name_folded)
    with app.app_context():
        wanted = db.select(AuditEvent.entity_id, AuditEvent.changes).filter_by(entity="users", action="update")
        rows = [tuple(row) for row in db.session.execute(wanted)]
    assert rows == [(manager.user_id, {"last_name": ["King", "Lovelace"]})]


def test_the_run_is_noted(run: Run, rows_of: RowsOf, small_term: Path, app: Flask) -> None:
    run("exchange", "import", small_term)
    with app.app_context():
        noted = db.session.execute(db.select(ImportRun)).scalar_one()
        assert (noted.source, noted.skipped_errors) == (str(small_term), False)
        assert noted.counts["modules.csv"] == {"create": 2}
        assert noted.finished_at is not None


def test_the_report_has_every_row(run: Run, small_term: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    run("exchange", "import", small_term, "--report", report)
    rows = read_rows(report)
    assert len(rows) == sum(len(rows) for rows in SMALL.values())
    assert rows[0] == {"file": "breaks.csv", "line": "2", "verdict": "create", "column": "", "value": "", "message": ""}


def test_a_report_that_cannot_be_written_is_told(run: Run, small_term: Path, tmp_path: Path) -> None:
    result = run("exchange", "import", small_term, "--dry-run", "--report", tmp_path)
    assert result.exit_code == 1
    assert "cannot be written" in result.output


def test_headers_may_stand_in_any_order_and_spelling(run: Run, rows_of: RowsOf, folder: Path) -> None:
    (folder / "modules.csv").write_text("Credits;NAME;Code\n5;Logic;PHIL 1\n", encoding="utf-8-sig")
    assert run("exchange", "import", folder).exit_code == 0
    assert rows_of(Module.code, Module.name, Module.credits) == [("PHIL 1", "Logic", 5)]


def test_an_unknown_column_is_named_and_left_out(run: Run, rows_of: RowsOf, folder: Path) -> None:
    (folder / "modules.csv").write_text("code,name,colour\nM1,Logic,green\n")
    result = run("exchange", "import", folder)
    assert result.exit_code == 0
    assert "modules.csv: The column colour is not known" in result.output
    assert rows_of(Module.code) == [("M1",)]


def test_the_known_headers_are_those_of_the_real_term(real_term: Path) -> None:
    for kind, header in HEADERS.items():
        path = real_term / f"{kind}.csv"
        if path.exists():
            assert path.read_text(encoding="utf-8-sig").splitlines()[0] == ",".join(header)
