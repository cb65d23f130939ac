"""The import as a person runs it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from portal.catalogue.models import Module
from portal.extensions import db
from tests.support.files import SMALL
from tests.support.import_desk import Desk
from tests.support.term import write_table
from tests.support.web import Maker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for files."""
    path = tmp_path / "files"
    path.mkdir()
    return path


@pytest.fixture
def small_term(folder: Path) -> Path:
    """A folder with one file of each kind."""
    for kind, rows in SMALL.items():
        write_table(folder, kind, rows)
    return folder


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    """Runs a command of the portal, such as `run("exchange", "import", folder)`."""

    def do(*arguments: Any) -> Result:
        result = app.test_cli_runner().invoke(args=[str(one) for one in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return do


@pytest.fixture
def rows_of(app: Flask) -> Callable[..., list[tuple[Any, ...]]]:
    """Gives columns of all rows of a model, ordered by them: `rows_of(Module.code, Module.name)`."""

    def do(*columns: Any) -> list[tuple[Any, ...]]:
        with app.app_context():
            return [tuple(row) for row in db.session.execute(db.select(*columns).order_by(*columns))]

    return do


@pytest.fixture
def refused(
    run: Callable[..., Result], rows_of: Callable[..., list[tuple[Any, ...]]], folder: Path
) -> Callable[[], str]:
    """Imports the folder, sees that it is refused and that nothing is written, and gives what was said."""

    def do(*options: str) -> str:
        result = run("exchange", "import", folder, *options)
        assert result.exit_code == 1, result.output
        assert "Nothing was written" in result.output
        assert rows_of(Module.code) == []
        return " ".join(result.output.split())

    return do


@pytest.fixture
def desk(app: Flask, client: FlaskClient, make: Maker, sign_in: Callable[..., None]) -> Desk:
    """A manager who is signed in, at the pages of imports."""
    sign_in(client, make.manager())
    return Desk(app, client)
