"""Migrations run up and down on every database, and end at what the models say."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from portal.extensions import db
from portal.migrating import add_index
from portal.turns import alone
from portal.unfinished import past_what_is_done
from tests.support import servers
from tests.support.databases import build_app, dispose, migrate
from tests.support.revisions import open_at

_numbers = count(1)


@pytest.fixture
def empty_app(database_kind: str, worker: str, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database without any table."""
    url = servers.new_database(database_kind, f"empty_{worker}_{next(_numbers)}")
    app = build_app(url, tmp_path)
    yield app
    dispose(app)


@pytest.fixture
def open_app_at(database_kind: str, worker: str, tmp_path: Path) -> Iterator[Callable[[str], Flask]]:
    """Opens an application on a database at a revision, that of the newest being `head`."""
    opened: list[Flask] = []

    def do(revision: str) -> Flask:
        opened.append(open_at(revision, database_kind, worker, tmp_path))
        return opened[-1]

    yield do
    for app in opened:
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


def test_up_down_and_up_again_makes_the_tables_of_the_models_and_leaves_nothing_behind(
    open_app_at: Callable[[str], Flask], capsys: pytest.CaptureFixture[str]
) -> None:
    app = open_app_at("head")
    assert differences(app) == []
    assert table_names(app) == {table.name for table in db.metadata.tables.values()} | {"alembic_version"}
    migrate(app, "base")
    assert table_names(app) == {"alembic_version"}
    migrate(app)
    assert differences(app) == []
    assert "Done already" not in capsys.readouterr().err, "a step drops what was never there, which MariaDB passes over"
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE users DROP COLUMN bio"))
    assert any("bio" in str(found) for found in differences(app)), "a missing column is noticed"


def _count_rows(app: Flask) -> dict[str, int]:
    """How many rows those tables have that every version has had."""
    names = ("users", "course_offerings", "enrolments", "activity_trackers", "activity_tracker_items", "attendance",
             "audit_events", "modules", "calendar_breaks")  # fmt: skip
    with app.app_context(), db.engine.connect() as connection:
        return {name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0 for name in names}


def test_what_people_wrote_comes_through_down_and_up_again(open_app_at: Callable[[str], Flask]) -> None:
    """A table that is made anew, as SQLite must, takes nothing along of what refers to it."""
    app = open_app_at("head")
    assert app.test_cli_runner().invoke(args=["demo", "load"]).exit_code == 0
    with app.app_context():
        db.session.remove()
    before = _count_rows(app)
    assert min(before.values()) > 0
    migrate(app, "0002", down=True)
    # What rows refer to is not taken away: that step is undone.
    answer = app.test_cli_runner().invoke(args=["db", "downgrade", "base"])
    assert answer.exit_code == 1
    assert "The database is at revision 0002, as before the step that failed" in answer.output
    migrate(app)
    assert _count_rows(app) == before


def test_whoever_comes_second_waits_until_the_tables_are_changed(empty_app: Flask, database_kind: str) -> None:
    if database_kind == "sqlite":
        return  # a step is one transaction there, and one at a time
    order: list[str] = []
    with empty_app.app_context():
        engine = db.engine

    def come_second() -> None:
        with alone(engine):
            order.append("second")

    second = Thread(target=come_second)
    with alone(engine):
        second.start()
        second.join(0.5)
        order.append("first")
    second.join(30)
    assert order == ["first", "second"]
    engine.dispose()


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
    migrate(empty_app, "0003")
    with empty_app.app_context(), db.engine.connect() as connection:
        for table in ("classes", "cohorts"):
            assert connection.scalar(sa.text(f"SELECT name_folded FROM {table}")) == "ete ω 😀"


def test_a_migration_that_fails_leaves_the_last_good_state_and_goes_on_when_mended(
    open_app_at: Callable[[str], Flask],
) -> None:
    """What is in its way here is a table of the same name; an operator takes it away and runs the upgrade again."""
    app = open_app_at("0030")
    before = table_names(app)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE seed_versions (name VARCHAR(40) PRIMARY KEY)"))
    done = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: The migration stopped: ")
    assert "CREATE TABLE seed_versions" in done.output
    assert "The database is at revision 0030, as before the step that failed" in done.output
    with app.app_context(), db.engine.begin() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "0030"
        connection.execute(sa.text("DROP TABLE seed_versions"))
    assert table_names(app) == before
    migrate(app, "0034")
    assert table_names(app) == before | {"seed_versions"}


def test_what_a_failed_step_had_made_is_taken_back_on_every_database(
    open_app_at: Callable[[str], Flask], monkeypatch: Any
) -> None:
    app = open_app_at("0030")
    before, there = _things(app), table_names(app)
    with app.app_context():
        config = app.extensions["migrate"].migrate.get_config()

    def fail() -> None:
        op.create_table("half_done", sa.Column("id", sa.Integer, primary_key=True))
        op.add_column("users", sa.Column("half_done", sa.Integer))
        op.create_index("ix_half_done", "users", ["half_done", "email"])
        op.execute(sa.text("INSERT INTO no_such_table VALUES (1)"))

    monkeypatch.setattr(ScriptDirectory, "from_config", _with_step(config, "0034", fail))
    done = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert (done.exit_code, "no_such_table" in done.output) == (1, True), done.output
    assert "is at revision 0030" in done.output
    assert (_things(app), table_names(app)) == (before, there)
    monkeypatch.undo()
    migrate(app, "0034")
    assert table_names(app) == there | {"seed_versions"}


def test_a_long_table_gets_an_index_while_others_write(open_app_at: Callable[[str], Flask], monkeypatch: Any) -> None:
    app = open_app_at("0030")
    said: list[str] = []

    def step() -> None:
        op.create_table("before_it", sa.Column("id", sa.Integer, primary_key=True))
        sa.event.listen(op.get_bind(), "before_cursor_execute", lambda *given: said.append(given[2]))
        add_index("ix_users_bio_seen", "users", ["last_login_at", "email"])

    with app.app_context():
        config = app.extensions["migrate"].migrate.get_config()
        monkeypatch.setattr(ScriptDirectory, "from_config", _with_step(config, "0034", step))
        is_postgresql = db.engine.dialect.name == "postgresql"
    migrate(app, "0034")
    assert ("index", "ix_users_bio_seen") in _things(app)
    assert "before_it" in table_names(app)
    assert any("CREATE INDEX CONCURRENTLY" in one for one in said) == is_postgresql
    with app.app_context(), db.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "0034"


def _kill_before(app: Flask, monkeypatch: Any, statement: str, revision: str, *, down: bool) -> None:
    """Migrate, as by a process that is killed before it sends a statement: nothing is taken back on MariaDB."""

    class Killed(BaseException):
        pass

    def look(_connection: Any, _cursor: Any, sent: str, *_: Any) -> None:
        if " ".join(sent.split()).startswith(statement):
            raise Killed

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", look)
    with monkeypatch.context() as patch:
        patch.setattr("portal.unfinished.Unfinished.undo", lambda _self: [])
        with pytest.raises(Killed):
            migrate(app, revision, down=down)
    sa.event.remove(engine, "before_cursor_execute", look)


@pytest.mark.parametrize("statement", ["DROP INDEX ix_activity_trackers_leave_id", "DROP TABLE leaves"])
def test_a_way_down_that_was_killed_goes_on_where_it_was(
    open_app_at: Callable[[str], Flask], monkeypatch: Any, statement: str
) -> None:
    app = open_app_at("0008")
    _kill_before(app, monkeypatch, statement, "0007", down=True)
    done = app.test_cli_runner().invoke(args=["db", "downgrade", "0007"])
    assert (done.exit_code, "The tables are at revision 0007." in done.output) == (0, True), done.output
    assert "leaves" not in table_names(app)
    with app.app_context():
        assert ("Done already" in done.stderr) == (db.engine.dialect.name == "mysql")
        assert "leave_id" not in [one["name"] for one in sa.inspect(db.engine).get_columns("activity_trackers")]


@pytest.mark.parametrize("columns", ["actor_id", "request_id, actor_id"])
def test_an_index_that_was_made_is_passed_over_if_it_is_the_same(
    open_app_at: Callable[[str], Flask], database_kind: str, columns: str
) -> None:
    if database_kind != "mariadb":
        return  # elsewhere a killed step leaves nothing
    app = open_app_at("0004")
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE INDEX ix_audit_events_actor_id ON audit_events ({columns})")
    done = app.test_cli_runner().invoke(args=["db", "downgrade", "0003"])
    assert ("Done already" in done.stderr, done.exit_code) == ((True, 0) if columns == "actor_id" else (False, 1))
    # Nor is a statement that does more than to drop.
    more = "ALTER TABLE users DROP COLUMN nobody, ADD COLUMN somebody INT"
    with app.app_context():
        connection = db.engine.connect()
    with connection, pytest.raises(sa.exc.OperationalError), past_what_is_done(connection):
        connection.exec_driver_sql(more)


def test_a_way_up_that_was_killed_says_what_to_take_away(open_app_at: Callable[[str], Flask], monkeypatch: Any) -> None:
    app = open_app_at("0007")
    with app.app_context():
        engine = db.engine
    _kill_before(app, monkeypatch, "CREATE INDEX ix_activity_trackers_leave_id", "0008", down=False)
    for deed in (
        "ALTER TABLE activity_trackers DROP FOREIGN KEY fk_activity_trackers_leave_id_leaves; DROP TABLE leaves",
        "ALTER TABLE activity_trackers DROP COLUMN leave_id",
    ):
        if engine.dialect.name == "mysql":
            said = app.test_cli_runner().invoke(args=["db", "upgrade", "0008"]).output
            assert "What this step would make is there already." in said
            assert deed.split()[-1] in said
            with engine.begin() as connection:
                for statement in deed.split("; "):
                    connection.exec_driver_sql(statement)
    migrate(app, "0008")
    assert "leaves" in table_names(app)


def _with_step(config: Any, revision: str, deed: Callable[[], None]) -> Callable[[Any], ScriptDirectory]:
    """The migrations, with another deed in the place of one of them."""
    found = ScriptDirectory.from_config(config)
    found.get_revision(revision).module.upgrade = deed
    return lambda _config: found


def _things(app: Flask) -> list[tuple[str, str]]:
    """Columns and indexes of a table by name."""
    with app.app_context():
        looked = sa.inspect(db.engine)
        columns = [("column", one["name"]) for one in looked.get_columns("users")]
        return sorted([*columns, *(("index", str(one["name"])) for one in looked.get_indexes("users"))])
