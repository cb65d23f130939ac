"""The whole term, as large and as faulty as it comes."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import func

from portal.accounts.models import User
from portal.allocations.models import CourseOffering
from portal.bulk import CHUNK
from portal.tracker.models import ActivityLog
from tests.support.files import counts, read_rows
from tests.support.term import HEADERS, write_table, write_term

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("frozen_time")]

CREATED = {
    "modules.csv": (3217, 0, 0, 0, 0),
    "classes.csv": (3416, 0, 0, 0, 0),
    "cohorts.csv": (265, 0, 0, 0, 0),
    "facilitators.csv": (3086, 0, 0, 0, 0),
    "offerings.csv": (6565, 0, 4, 4, 0),
}


@pytest.mark.in_turn
def test_a_term_with_contradictions_is_not_written(run: Run, rows_of: RowsOf, real_term: Path) -> None:
    result = run("exchange", "import", real_term)
    assert result.exit_code == 1
    assert counts(result.output) == CREATED
    assert result.output.count("Same course as line") == 4
    assert "4 rows repeat earlier ones and were counted once." in result.output
    assert rows_of(User.id) == []


@pytest.mark.in_turn
@pytest.mark.timeout(300)
def test_a_whole_term_is_imported_exported_and_imported_again(
    run: Run, rows_of: RowsOf, real_term: Path, tmp_path: Path
) -> None:
    result = run("exchange", "import", real_term, "--skip-errors", "--report", tmp_path / "report.csv")
    assert result.exit_code == 0, result.output
    assert counts(result.output) == CREATED
    assert [row[0] for row in rows_of(func.count(CourseOffering.id))] == [6565]
    nobody = [row for row in rows_of(CourseOffering.id, CourseOffering.facilitator_id) if row[1] is None]
    assert len(nobody) == 15
    assert rows_of(func.count(ActivityLog.id)) == [((6565 - 15) * 16,)]
    verdicts = Counter(row["verdict"] for row in read_rows(tmp_path / "report.csv"))
    assert verdicts == {"create": 3217 + 3416 + 265 + 3086 + 6565, "unchanged": 4, "error": 4}
    nothing_is_new(run, tmp_path / "export")


def test_a_part_of_it_is_the_same_on_every_database(run: Run, rows_of: RowsOf, real_term: Path, tmp_path: Path) -> None:
    sizes = write_part(real_term, tmp_path)
    result = run("exchange", "import", tmp_path, "--skip-errors")
    assert result.exit_code == 0, result.output
    assert {name: sum(found) for name, found in counts(result.output).items()} == sizes
    courses = counts(result.output)["offerings.csv"][0]
    assert courses > 2 * CHUNK
    assert rows_of(func.count(CourseOffering.id)) == [(courses,)]
    taught = rows_of(func.count(CourseOffering.facilitator_id))[0][0]
    assert rows_of(func.count(ActivityLog.id)) == [(taught * 16,)]
    nothing_is_new(run, tmp_path / "export")


def nothing_is_new(run: Run, folder: Path) -> None:
    """What is exported is imported to no change."""
    run("exchange", "export", folder)
    again = run("exchange", "import", folder)
    assert again.exit_code == 0, again.output
    assert "nothing to write" in again.output


def write_part(term: Path, folder: Path) -> dict[str, int]:
    """The term's first courses, more than go with two statements, and what they name; gives the number of rows."""
    courses = read_rows(term / "offerings.csv")[: 2 * CHUNK + 100]
    names = {"modules": ("code", "module_code"), "classes": ("name", "class_name"), "cohorts": ("code", "cohort_code")}
    names["facilitators"] = ("employee_id", "facilitator_employee_id")
    tables = {"offerings": courses}
    for kind, (own, there) in names.items():
        named = {course[there] for course in courses}
        tables[kind] = [row for row in read_rows(term / f"{kind}.csv") if row[own] in named]
    for kind, rows in tables.items():
        write_table(folder, kind, [tuple(row[column] for column in HEADERS[kind]) for row in rows])
    return {f"{kind}.csv": len(rows) for kind, rows in tables.items()}


def test_the_invented_term_has_the_size_and_the_faults_of_the_real_one(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_term(tmp_path / folder)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    sizes = {path.name: len(read_rows(path)) for path in (tmp_path / "one").iterdir()}
    assert sizes == {
        "modules.csv": 3217,
        "classes.csv": 3416,
        "cohorts.csv": 265,
        "facilitators.csv": 3086,
        "offerings.csv": 6573,
    }
    load = Counter(row["facilitator_employee_id"] for row in read_rows(tmp_path / "one" / "offerings.csv"))
    assert load[""] == 15
    assert max(load.values()) == 153


@pytest.mark.in_turn
def test_the_invented_term_is_imported_like_the_real_one(run: Run, tmp_path: Path) -> None:
    result = run("exchange", "import", write_term(tmp_path), "--dry-run", "--skip-errors")
    assert counts(result.output) == CREATED
