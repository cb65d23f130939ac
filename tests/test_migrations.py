"""Migrations run up and down on every database, and end at what the models say."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from portal.extensions import db
from tests.support import servers
from tests.support.databases import build_app, dispose, migrate

_numbers = count(1)


@pytest.fixture
def empty_app(database_kind: str, worker: str, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database without any table."""
    url = servers.new_database(database_kind, f"empty_{worker}_{next(_numbers)}")
    app = build_app(url, tmp_path)
    yield app
    dispose(app)


def table_names(app: Flask) -> set[str]:
    with app.app_context():
        return set(sa.inspect(db.engine).get_table_names())


def differences(app: Flask) -> list[object]:
    """What the models have and the database has not, or the other way round."""
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, db.metadata))


def test_there_is_one_newest_revision(bare_app: Flask) -> None:
    with bare_app.app_context():
        config = bare_app.extensions["migrate"].migrate.get_config()
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_migrated_tables_are_those_of_the_models(empty_app: Flask) -> None:
    migrate(empty_app)
    assert differences(empty_app) == []
    assert table_names(empty_app) == {table.name for table in db.metadata.tables.values()} | {"alembic_version"}


def test_a_missing_column_is_noticed(empty_app: Flask) -> None:
    migrate(empty_app)
    with empty_app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE users DROP COLUMN bio"))
    assert any("bio" in str(found) for found in differences(empty_app))


def test_up_down_and_up_again_leaves_nothing_behind(empty_app: Flask) -> None:
    migrate(empty_app)
    migrate(empty_app, "base")
    assert table_names(empty_app) == {"alembic_version"}
    migrate(empty_app)
    assert differences(empty_app) == []


def test_names_that_are_there_are_folded(empty_app: Flask) -> None:
    migrate(empty_app, "0002")
    now = "'2026-10-14 12:00:00'"
    with empty_app.app_context(), db.engine.begin() as connection:
        row = f"('Été Ω 😀', {now}, {now}, {{}})"
        connection.execute(
            sa.text(f"INSERT INTO classes (name, created_at, updated_at, is_active) VALUES {row.format('TRUE')}")
        )
        row = row.replace("('", "('X', '")
        connection.execute(
            sa.text(f"INSERT INTO cohorts (code, name, created_at, updated_at, is_active) VALUES {row.format('TRUE')}")
        )
    migrate(empty_app)
    with empty_app.app_context(), db.engine.connect() as connection:
        for table in ("classes", "cohorts"):
            assert connection.scalar(sa.text(f"SELECT name_folded FROM {table}")) == "ete ω 😀"


def test_a_migration_that_fails_leaves_the_last_good_state_and_goes_on_when_mended(empty_app: Flask) -> None:
    """What is in its way here is a table of the same name; an operator takes it away and runs the upgrade again."""
    migrate(empty_app, "0025")
    before = table_names(empty_app)
    with empty_app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE passes (name VARCHAR(40) PRIMARY KEY)"))
    done = empty_app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert done.exit_code
    assert "passes" in str(done.exception)
    with empty_app.app_context(), db.engine.begin() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "0025"
        connection.execute(sa.text("DROP TABLE passes"))
    assert table_names(empty_app) == before
    migrate(empty_app, "0030")
    assert table_names(empty_app) == before | {"passes"}
