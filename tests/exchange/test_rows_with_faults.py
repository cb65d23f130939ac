"""Rows that cannot be taken: each has an answer with file, line, column and value, and nothing is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.catalogue.models import Module
from portal.extensions import db
from tests.support.files import COURSE, FIRST, LAST, SMALL, counts, read_rows
from tests.support.term import write_table

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]
GOOD = {kind: list(rows[0]) for kind, rows in SMALL.items()}

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]


@pytest.mark.parametrize(
    ("kind", "place", "value", "said"),
    [
        ("modules", 0, "", "column code: This cell must not be empty."),
        ("modules", 0, "X" * 41, "This has 41 characters; at most 40 fit."),
        ("modules", 1, "=HYPERLINK(1)", "column name “=HYPERLINK(1)”: This looks like a formula."),
        ("modules", 1, "+cmd|' /C calc'!A0", "looks like a formula"),
        ("modules", 1, "-2+3", "looks like a formula"),
        ("modules", 1, "@SUM(A1)", "looks like a formula"),
        ("modules", 1, "\t=1+1", "looks like a formula"),
        ("modules", 1, "\r=1+1", "looks like a formula"),
        ("modules", 1, "two\nlines", "line break or an invisible control character"),
        ("modules", 1, "a\x07bell", "line break or an invisible control character"),
        ("modules", 4, "three", "column credits “three”: This must be a whole number from 0 to 1000."),
        ("modules", 4, "-3", "whole number"),
        ("modules", 4, "1_0", "whole number"),
        ("modules", 4, "٣", "whole number"),
        ("classes", 1, "MMXXVI", "whole number"),
        ("cohorts", 3, "24/08/2026", "column start_date “24/08/2026”: This is not a date such as 2026-08-24."),
        ("cohorts", 3, "2026-02-30", "There is no such day in the calendar."),
        ("cohorts", 3, "0026-08-24", "not a date such as"),
        ("cohorts", 4, "2026-08-24", "The end must lie after the start, which is 2026-08-24."),
        ("breaks", 2, "2026-11-22", "The end must lie after the start"),
        ("facilitators", 1, "nobody", "column email “nobody”: nobody is not an email address."),
        ("facilitators", 5, "1001", "whole number from 0 to 1000"),
        ("students", 4, "NOWHERE", "column cohort_code “NOWHERE”: There is no cohort of this code."),
        ("offerings", 0, "CS999", "column module_code “CS999”: There is no module of this code."),
        ("offerings", 1, "CS Z", "There is no class of this name."),
        ("offerings", 2, "CS-PG", "There is no cohort of this code."),
        ("offerings", 3, "Telepathy", "column mode “Telepathy”: There is no mode of this name."),
        ("offerings", 5, "4", "whole number from 1 to 3"),
        ("offerings", 6, "HT3", "This must be one of HT1, HT2, FT."),
        ("offerings", 7, "F99", "There is no facilitator with this employee id."),
        ("offerings", 9, "2026-08-24", "The end must lie after the start"),
        ("offerings", 9, "2036-12-09", "longer than three years"),
        ("offerings", 10, "0", "column max_students “0”: This must be a whole number from 1 to 5000."),
        ("offerings", 10, "5001", "whole number from 1 to 5000"),
        ("enrolments", 0, "S99", "There is no student with this number."),
        (
            "enrolments",
            2,
            "CS B",
            "There is no course of this module, class, cohort, mode, year, trimester and intake.",
        ),
        ("enrolments", 8, "maybe", "This must be one of active, waitlisted, withdrawn, completed."),
    ],
)
def test_a_bad_cell_is_told_and_nothing_is_written(
    run: Run, rows_of: RowsOf, small_term: Path, kind: str, place: int, value: str, said: str
) -> None:
    row = list(GOOD[kind])
    row[place] = value
    write_table(small_term, kind, [row])
    result = run("exchange", "import", small_term)
    assert result.exit_code == 1
    assert f"{kind}.csv, line 2" in result.output
    assert said in " ".join(result.output.split()), result.output
    assert rows_of(Module.id) == []
    assert rows_of(User.id) == []


@pytest.mark.parametrize("cells", [4, 6])
def test_a_ragged_row_is_told(run: Run, small_term: Path, cells: int) -> None:
    write_table(small_term, "modules", [("CS101", "Programming", "CS", "100", "3", "x")[:cells], SMALL["modules"][1]])
    result = run("exchange", "import", small_term)
    assert f"modules.csv, line 2: This row has {cells} cells, but the header has 5." in result.output


def test_blank_lines_are_no_rows(run: Run, folder: Path) -> None:
    (folder / "modules.csv").write_text("\ncode,name\n\nM1,Logic\n,\n\n")
    assert counts(run("exchange", "import", folder).output) == {"modules.csv": (1, 0, 0, 0, 0)}


def test_the_line_of_a_fault_counts_line_breaks_within_cells(run: Run, folder: Path) -> None:
    (folder / "modules.csv").write_text('code,name\nM1,"one\ntwo"\nM2,\n')
    result = run("exchange", "import", folder)
    assert "modules.csv, line 2, column name" in result.output
    assert "modules.csv, line 4, column name: This cell must not be empty." in result.output


def test_a_guarded_text_loses_its_apostrophe(run: Run, rows_of: RowsOf, folder: Path) -> None:
    write_table(folder, "modules", [("M1", "'=not a formula", "", "", ""), ("M2", "'twas", "", "", "")])
    run("exchange", "import", folder)
    assert rows_of(Module.name) == [("'twas",), ("=not a formula",)]


def test_skip_errors_leaves_out_exactly_those_rows_and_what_depends_on_them(
    run: Run, rows_of: RowsOf, small_term: Path, tmp_path: Path
) -> None:
    write_table(small_term, "modules", [("CS101", "", "CS", "100", 3), SMALL["modules"][1]])
    report = tmp_path / "report.csv"
    result = run("exchange", "import", small_term, "--skip-errors", "--report", report)
    assert result.exit_code == 0
    table = counts(result.output)
    assert (table["modules.csv"], table["offerings.csv"], table["enrolments.csv"]) == (
        (1, 0, 0, 1, 0),
        (1, 0, 0, 0, 1),
        (0, 0, 0, 0, 2),
    )
    assert "4 rows were left out." in result.output
    assert rows_of(Module.code) == [("CS102",)]
    skipped = [row for row in read_rows(report) if row["verdict"] == "skipped"]
    assert skipped[0]["message"] == "It depends on line 2 of modules.csv, which has an error."
    assert skipped[1]["message"] == "It depends on line 2 of modules.csv, which has an error."


def test_without_skip_errors_the_same_rows_stop_everything(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    write_table(small_term, "modules", [("CS101", "", "CS", "100", 3), SMALL["modules"][1]])
    result = run("exchange", "import", small_term)
    assert result.exit_code == 1
    assert "Nothing was written: 1 row has an error." in result.output
    assert rows_of(Module.code) == rows_of(User.email) == []


def test_a_repeated_row_counts_once(run: Run, rows_of: RowsOf, small_term: Path, tmp_path: Path) -> None:
    row = SMALL["offerings"][0]
    write_table(small_term, "offerings", [row, row, SMALL["offerings"][1]])
    report = tmp_path / "report.csv"
    result = run("exchange", "import", small_term, "--report", report)
    assert result.exit_code == 0
    assert counts(result.output)["offerings.csv"] == (2, 0, 1, 0, 0)
    assert "1 row repeats an earlier one and was counted once." in result.output
    assert "same as line 2, counted once" in [row["message"] for row in read_rows(report)]
    assert len(rows_of(CourseOffering.id)) == 2


def test_a_file_without_rows_repeats_nothing(run: Run, folder: Path) -> None:
    write_table(folder, "modules", [SMALL["modules"][0]] * 2)
    write_table(folder, "classes", [])
    output = run("exchange", "import", folder).output
    assert "modules.csv: 1 row repeats" in output
    assert "classes.csv: 1 row" not in output


def test_a_row_that_contradicts_an_earlier_one_names_both_lines_and_the_columns(
    run: Run, rows_of: RowsOf, small_term: Path
) -> None:
    places, both = (*COURSE, "F1", FIRST, LAST, 234), (*COURSE, "F2", FIRST, LAST, 26)
    write_table(small_term, "offerings", [SMALL["offerings"][0], places, both])
    result = run("exchange", "import", small_term)
    assert result.exit_code == 1
    assert (
        "offerings.csv, line 3, column max_students “234”: "
        "Same course as line 2, but max_students is 25 there and 234 here." in result.output
    )
    assert "line 4, column facilitator_employee_id, max_students" in result.output
    assert "is F1, 25 there and F2, 26 here." in result.output
    run("exchange", "import", small_term, "--skip-errors")
    assert rows_of(CourseOffering.max_students) == [(25,)], "the earlier line stands"


def test_only_the_first_errors_are_shown(run: Run, folder: Path, tmp_path: Path) -> None:
    write_table(folder, "modules", [(f"M{n}", "", "", "", "") for n in range(25)])
    result = run("exchange", "import", folder, "--report", tmp_path / "all.csv")
    assert result.output.count("must not be empty") == 20
    assert "… and 5 more errors" in result.output
    assert len(read_rows(tmp_path / "all.csv")) == 25


# --- whose address it is


def test_a_manager_who_teaches_gets_a_profile_and_keeps_their_role(
    run: Run, rows_of: RowsOf, folder: Path, make: Any
) -> None:
    make.manager(email="head@example.edu", first_name="Ada", last_name="Head")
    write_table(folder, "facilitators", [("F7", "HEAD@example.edu", "Ada", "Head", "CS", 2)])
    result = run("exchange", "import", folder)
    assert counts(result.output) == {"facilitators.csv": (1, 0, 0, 0, 0)}
    assert rows_of(User.email, User.role) == [("head@example.edu", "manager")]
    assert rows_of(Facilitator.employee_id, Facilitator.max_course_load) == [("F7", 2)]
    assert counts(run("exchange", "import", folder).output) == {"facilitators.csv": (0, 0, 1, 0, 0)}


@pytest.mark.parametrize("who", ["facilitator", "student"])
def test_an_address_of_another_account_is_refused(run: Run, folder: Path, make: Any, who: str) -> None:
    getattr(make, who)(email="taken@example.edu")
    write_table(folder, "facilitators", [("F7", "taken@example.edu", "Ada", "Other", "CS", 2)])
    result = run("exchange", "import", folder)
    assert "column email “taken@example.edu”: Another account uses this address." in result.output


@pytest.mark.parametrize(
    ("stored", "spelled"),
    [
        ("root@example.edu", "root@ＥＸＡＭＰＬＥ.edu"),
        ("root@bücher.example", "root@xn--bcher-kva.example"),
        ("+root@example.edu", "'+root@example.edu"),
    ],
    ids=["wide letters", "encoded domain", "guarded"],
)
def test_an_address_is_known_however_it_is_spelled(
    run: Run, rows_of: RowsOf, folder: Path, make: Any, stored: str, spelled: str
) -> None:
    make.admin(email=stored, first_name="Ada")
    write_table(folder, "students", [("S9", spelled, "Eve", "Moss", "")])
    assert "Another account uses this address." in run("exchange", "import", folder).output
    assert rows_of(User.email, User.first_name) == [(stored, "Ada")]


def test_nobody_moves_to_an_address_that_is_taken(run: Run, folder: Path, make: Any) -> None:
    make.facilitator(email="one@example.edu", profile={"employee_id": "F1"})
    make.manager(email="two@example.edu")
    write_table(folder, "facilitators", [("F1", "two@example.edu", "Ada", "One", "CS", 2)])
    assert "Another account uses this address." in run("exchange", "import", folder).output


def test_a_file_cannot_move_an_administrators_address(run: Run, rows_of: RowsOf, folder: Path, make: Any) -> None:
    person = make.admin(email="root@example.edu")
    _give_profile(make, person)
    write_table(folder, "facilitators", [("F1", "thief@example.edu", "Ro", "Ot", "CS", 2)])
    result = run("exchange", "import", folder)
    assert "manager's or administrator's account" in result.output
    assert rows_of(User.email) == [("root@example.edu",)]


def _give_profile(make: Any, person: Any) -> None:
    from tests.support.people import add_facilitator_profile

    with make._app.app_context():
        add_facilitator_profile(person, employee_id="F1")


def test_two_people_of_one_file_cannot_share_an_address(run: Run, small_term: Path) -> None:
    write_table(
        small_term,
        "students",
        [("S1", "jurgen.gross@example.edu", "Jo", "Student", ""), ("S2", "isil@example.edu", "Işıl", "Demir", "")],
    )
    result = run("exchange", "import", small_term)
    assert "students.csv, line 2, column email" in result.output
    assert "F1 has this address already in these files." in result.output


def test_an_old_address_opens_no_invitation_any_more(app: Flask, run: Run, folder: Path, make: Any) -> None:
    from portal.accounts import services
    from portal.accounts.models import OneTimeToken
    from portal.audit.services import System

    make.facilitator(email="wrong@example.edu", profile={"employee_id": "F1"})
    with app.app_context():
        services.invite("wrong@example.edu", "a key", System())
        db.session.commit()
    write_table(folder, "facilitators", [("F1", "right@example.edu", "Ada", "One", "CS", 2)])
    run("exchange", "import", folder)
    with app.app_context():
        assert db.session.scalars(db.select(OneTimeToken.used_at)).one() is not None


# --- a facilitator's change is taken as a manager's


@pytest.mark.parametrize("status", [OfferingStatus.COMPLETED, OfferingStatus.CANCELLED])
def test_a_course_that_is_over_keeps_its_facilitator(
    app: Flask, run: Run, small_term: Path, status: OfferingStatus
) -> None:
    run("exchange", "import", small_term)
    with app.app_context():
        db.session.execute(db.update(CourseOffering).values(status=status))
        db.session.commit()
    write_table(small_term, "offerings", [(*COURSE, "F2", FIRST, LAST, 25)])
    assert "its facilitator stays as it is" in run("exchange", "import", small_term).output


def test_a_course_does_not_go_to_somebody_who_is_not_available(app: Flask, run: Run, small_term: Path) -> None:
    run("exchange", "import", small_term)
    with app.app_context():
        db.session.execute(db.update(Facilitator).where(Facilitator.employee_id == "F2").values(is_available=False))
        db.session.commit()
    write_table(small_term, "offerings", [(*COURSE, "F2", FIRST, LAST, 25)])
    assert "This facilitator is not available at present." in run("exchange", "import", small_term).output
