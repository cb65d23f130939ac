"""An import is written as a whole or not at all, whatever happens meanwhile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from portal.allocations.models import CourseOffering
from portal.exchange.services import check_folder
from portal.extensions import db
from tests.support.files import COURSE, FIRST, LAST, everything
from tests.support.term import write_table

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]

pytestmark = pytest.mark.usefixtures("frozen_time")


def test_a_crash_in_the_middle_writes_nothing(
    app: Flask, run: Run, small_term: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(app)

    def crash(*_: Any) -> None:
        raise ConnectionResetError("the power went out")

    monkeypatch.setattr("portal.exchange.services.writing.plan_logs", crash)
    with pytest.raises(ConnectionResetError):
        run("exchange", "import", small_term)
    assert everything(app) == before


def test_a_row_that_somebody_else_adds_meanwhile_is_told_in_one_line(
    app: Flask, run: Run, small_term: Path, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    make.module(code="CS101")
    monkeypatch.setattr("portal.catalogue.services.stored_modules", dict)
    before = everything(app)
    result = run("exchange", "import", small_term)
    assert result.exit_code == 1
    assert "Something else was changed while the import ran, or two names differ only in signs" in result.output
    assert "Nothing was written. Try again" in result.output
    assert everything(app) == before


def test_what_a_manager_changes_while_an_import_runs_is_not_lost(
    app: Flask, run: Run, rows_of: RowsOf, small_term: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("exchange", "import", small_term)
    write_table(small_term, "offerings", [(*COURSE, "F2", FIRST, LAST, 25)])

    def check(*arguments: Any) -> Any:
        checked = check_folder(*arguments)
        db.session.execute(db.update(CourseOffering).values(max_students=40))
        db.session.commit()
        return checked

    monkeypatch.setattr("portal.exchange.services.check_folder", check)
    result = run("exchange", "import", small_term)
    assert result.exit_code == 1
    assert "A course was changed while the import ran." in result.output
    assert rows_of(CourseOffering.max_students, CourseOffering.version) == [(40, 1), (40, 1)]
