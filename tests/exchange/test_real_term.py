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
from portal.tracker.models import ActivityLog
from tests.support.files import counts, read_rows
from tests.support.term import write_term

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


@pytest.mark.timeout(300)
def test_a_term_is_imported_exported_and_imported_again(
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

    run("exchange", "export", tmp_path / "export")
    again = run("exchange", "import", tmp_path / "export")
    assert again.exit_code == 0, again.output
    assert "nothing to write" in again.output


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
