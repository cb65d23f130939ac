"""The import as a person runs it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from portal import pulses
from portal.catalogue.models import Module
from portal.extensions import db
from tests.support import servers
from tests.support.databases import Bank, dispose, rolled_back
from tests.support.demo import School, open_school
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


@pytest.fixture(scope="session")
def open_schools(bank: Bank, worker: str) -> Iterator[Callable[[str], School]]:
    """Gives the demo institution on a kind of database: loaded once, as that takes seconds."""
    opened: dict[str, School] = {}

    def on(kind: str) -> School:
        if kind not in opened:
            folder = servers.run_folder() / f"data_demo_{worker}_{kind}"
            opened[kind] = open_school(bank.database(kind, "demo").url, folder)
        return opened[kind]

    yield on
    for school in opened.values():
        dispose(school.app)


@pytest.fixture
def school(open_schools: Callable[[str], School], database_kind: str, frozen_time: Any) -> Iterator[School]:
    """The demo institution on Wednesday 14 October 2026; what a test does to it is rolled back."""
    found = open_schools(database_kind)
    pulses.forget()
    with rolled_back(found.app):
        yield found
