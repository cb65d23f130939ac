"""What is exported can be imported again, and then nothing changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from portal.accounts.services.deletion import anonymise
from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.audit.services import System
from portal.extensions import db
from tests.support.api import Program
from tests.support.files import COURSE, SMALL, counts, read_rows
from tests.support.term import HEADERS

Run = Callable[..., Result]

pytestmark = [pytest.mark.in_turn, pytest.mark.usefixtures("frozen_time")]


def test_an_export_says_what_was_imported(run: Run, small_term: Path, tmp_path: Path) -> None:
    run("exchange", "import", small_term)
    target = tmp_path / "new" / "folder"
    result = run("exchange", "export", target)
    assert result.exit_code == 0
    for kind, rows in SMALL.items():
        found = [tuple(row.values()) for row in read_rows(target / f"{kind}.csv")]
        assert found == sorted(tuple(str(cell) for cell in row) for row in rows)
        assert (target / f"{kind}.csv").read_text().splitlines()[0] == ",".join(HEADERS[kind])
    assert sorted(path.name for path in target.iterdir()) == sorted(f"{kind}.csv" for kind in SMALL)


@pytest.mark.every_database
def test_importing_an_export_changes_nothing(run: Run, small_term: Path, tmp_path: Path, make: Any) -> None:
    run("exchange", "import", small_term)
    make.module(code="'=M", name="=SUM(A1)")
    make.module(code="-1", name='say "hello", twice')
    make.manager(email="office@example.edu")
    make.facilitator(first_name="+Ada", last_name="", profile={"department": "School of Engineering and Design"})
    run("exchange", "export", tmp_path)
    assert b"\r\n''=M,'=SUM(A1)," in (tmp_path / "modules.csv").read_bytes()
    result = run("exchange", "import", tmp_path)
    assert result.exit_code == 0, result.output
    for created, updated, _, errors, skipped in counts(result.output).values():
        assert (created, updated, errors, skipped) == (0, 0, 0, 0), result.output


def test_what_the_api_takes_a_file_takes_too(app: Flask, run: Run, tmp_path: Path, make: Any) -> None:
    asks = Program(app, make.admin())
    taken = {
        "/modules": {"code": "M", "name": "=SUM(A1)", "credits": 1000, "level": "x" * 20},
        "/classes": {"name": "C", "year": 2150, "section": "x" * 40},
        "/cohorts": {"code": "K", "name": "x" * 200, "start_date": "1950-01-01", "end_date": "2150-12-31"},
    }
    refused: dict[str, list[dict[str, Any]]] = {
        "/modules": [{"code": "A\nB"}, {"name": "A\tB"}, {"level": "A\x07"}, {"credits": 1001}],
        "/classes": [{"name": "A\u2028B"}, {"section": "A\rB"}],
        "/cohorts": [{"program": "A\nB"}, {"start_date": "1949-12-31"}, {"end_date": "2151-01-01"}],
    }
    for path, body in taken.items():
        for change in refused[path]:
            answer = asks("POST", path, body | change)
            assert (answer.status_code, list(answer.json["fields"])) == (400, list(change)), answer.text
        assert asks("POST", path, body).status_code == 201
    run("exchange", "export", tmp_path)
    result = run("exchange", "import", tmp_path)
    assert result.exit_code == 0, result.output
    for created, updated, _, errors, skipped in counts(result.output).values():
        assert (created, updated, errors, skipped) == (0, 0, 0, 0), result.output


@pytest.mark.every_database
def test_importing_an_export_with_people_who_left_changes_nothing(
    app: Flask, run: Run, small_term: Path, tmp_path: Path, make: Any
) -> None:
    run("exchange", "import", small_term)
    people = [make.facilitator(), make.student()]
    with app.app_context():
        for person in people:
            anonymise(person.user_id, System())
        db.session.commit()
    run("exchange", "export", tmp_path)
    assert f"deleted-{people[1].user_id}@deleted.invalid" in (tmp_path / "students.csv").read_text()
    result = run("exchange", "import", tmp_path)
    assert result.exit_code == 0, result.output
    for created, updated, _, errors, skipped in counts(result.output).values():
        assert (created, updated, errors, skipped) == (0, 0, 0, 0), result.output


def test_importing_exported_workbooks_changes_nothing(run: Run, small_term: Path, tmp_path: Path, make: Any) -> None:
    run("exchange", "import", small_term)
    make.module(code="007", name="=SUM(A1)")
    run("exchange", "export", tmp_path / "books", "--xlsx")
    result = run("exchange", "import", tmp_path / "books")
    assert "nothing to write" in result.output, result.output
    assert counts(result.output)["modules.xlsx"] == (0, 0, 3, 0, 0)


def test_open_and_cancelled_courses_have_no_place_in_a_term(
    app: Flask, run: Run, small_term: Path, tmp_path: Path, make: Any
) -> None:
    run("exchange", "import", small_term)
    make.offering(kind=OfferingKind.OPEN, module_id=None, class_id=None, cohort_id=None)
    with app.app_context():
        first = db.update(CourseOffering).where(CourseOffering.max_students == 25)
        db.session.execute(first.values(status=OfferingStatus.CANCELLED))
        db.session.commit()
    run("exchange", "export", tmp_path)
    assert [row["module_code"] for row in read_rows(tmp_path / "offerings.csv")] == ["CS102"]
    assert read_rows(tmp_path / "enrolments.csv") == []


def test_an_export_replaces_an_older_one(run: Run, small_term: Path, tmp_path: Path) -> None:
    (tmp_path / "modules.csv").write_text("old")
    run("exchange", "import", small_term)
    run("exchange", "export", tmp_path)
    assert len(read_rows(tmp_path / "modules.csv")) == 2


def test_a_folder_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("exchange", "export", tmp_path / "file")
    assert result.exit_code == 1
    assert "cannot be written" in result.output


def test_an_enrolment_names_its_course_by_seven_columns(run: Run, small_term: Path, tmp_path: Path) -> None:
    run("exchange", "import", small_term)
    run("exchange", "export", tmp_path)
    assert tuple(read_rows(tmp_path / "enrolments.csv")[0].values()) == ("S1", *COURSE, "active")
