"""Reference and demo data as numbered steps: up, down and up again on each database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.allocations.models import CourseOffering
from portal.audit.models import AuditEvent
from portal.catalogue.models import Mode
from portal.extensions import db
from portal.tracker.models import ChecklistItem
from tests.support.databases import dispose, migrate
from tests.support.demo import everything, load
from tests.support.revisions import open_at

OUT, IN = "out", "in"


def seed(app: Flask, *arguments: str) -> str:
    done = app.test_cli_runner().invoke(args=["seed", *arguments])
    assert done.exit_code == 0, done.output
    return str(done.output)


def states(app: Flask) -> list[str]:
    """Of the three steps, in or out."""
    return [line[46:].split()[0] for line in seed(app, "status").splitlines()]


def rows(app: Flask) -> dict[str, list[Any]]:
    """Everything but the history of the steps themselves, and what a row is numbered and when it was made."""
    found = everything(app)
    found.pop("audit_events")
    for table in ("modes", "checklist_items"):
        found[table] = sorted(repr(row[1:-2]) for row in found[table])
    return found


def courses(app: Flask) -> int:
    """How many there are."""
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count(CourseOffering.id))) or 0


def test_up_down_and_up_again_ends_where_it_began(app: Flask, frozen_time: Any) -> None:
    start = rows(app)
    assert states(app) == [IN, IN, OUT], "the tables bring the reference data along"
    assert seed(app, "up") == "0003  Demo institution: in\n"
    loaded = courses(app)
    assert states(app) == [IN, IN, IN]
    assert seed(app, "up") == "Nothing was to be done.\n"
    assert seed(app, "down", "--yes") == "0003  Demo institution: out\n"
    assert rows(app) == start
    assert seed(app, "down", "1", "--yes").splitlines() == [
        "0001  Modes of teaching: out", "0002  Default checklist of a week: out",
    ]  # fmt: skip
    with app.app_context():
        assert not db.session.scalar(sa.select(sa.func.count(Mode.id)))
        assert not db.session.scalar(sa.select(sa.func.count(ChecklistItem.id)))
    assert seed(app, "down") == "No seed is in.\n"
    assert seed(app, "up").count(": in") == 3
    assert courses(app) == loaded > 0
    seed(app, "down", "--yes")
    assert rows(app) == start


def test_two_who_run_steps_take_turns(app: Flask, count_sql: Any) -> None:
    with count_sql() as sql:
        seed(app, "down", "2", "--yes")
        seed(app, "up", "2")
    locks = [at for at, statement in enumerate(sql.statements) if "FROM pulses" in statement and "subject" in statement]
    writes = [at for at, statement in enumerate(sql.statements) if statement.startswith(("DELETE", "INSERT"))]
    assert len(locks) >= 2
    assert locks[0] < writes[0]
    with app.app_context():
        assert db.engine.dialect.name == "sqlite" or "FOR UPDATE" in sql.text


@pytest.mark.in_turn
def test_each_step_stands_in_the_audit_log_and_in_the_status(app: Flask) -> None:
    seed(app, "down", "2", "--yes")
    seed(app, "up", "2")
    with app.app_context():
        told = [
            tuple(row)
            for row in db.session.execute(
                sa.select(AuditEvent.action, AuditEvent.entity, AuditEvent.entity_id).order_by(AuditEvent.id)
            )
        ]
    assert told == [("seed_down", "seeds", 2), ("seed_up", "seeds", 2)]
    _first, second, third = seed(app, "status").splitlines()
    assert "  in   since 20" in second
    assert third.endswith("out")


@pytest.mark.one_database
def test_what_an_institution_made_of_the_reference_data_stays(app: Flask) -> None:
    with app.app_context():
        db.session.execute(sa.update(Mode).where(Mode.name == "Hybrid").values(name="Half and half"))
        db.session.execute(sa.update(ChecklistItem).values(label_en="Ours"))
        db.session.commit()
    seed(app, "down", "1", "--yes")
    with app.app_context():
        assert db.session.scalars(sa.select(Mode.name)).all() == ["Half and half"]
    seed(app, "up", "1")
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Mode.id))) == 5


@pytest.mark.in_turn
def test_what_is_used_is_not_taken_out_and_nothing_half_done_stays(app: Flask, make: Any) -> None:
    make.log(make.offering(facilitator=make.facilitator()), 1)
    before = rows(app)
    done = app.test_cli_runner().invoke(args=["seed", "down", "1", "--yes"])
    assert (done.exit_code, done.output) == (1, "Error: This is used: it can be retired, but not deleted.\n")
    assert rows(app) == before
    assert states(app) == [IN, IN, OUT]


@pytest.mark.one_database
def test_the_commands_of_the_demo_are_steps_too(app: Flask, frozen_time: Any) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["demo", "load"]).exit_code == 0
    assert states(app)[2] == IN
    assert run(args=["demo", "clear", "--yes"]).exit_code == 0
    assert states(app)[2] == OUT
    load(app)  # as an earlier version did, which knew of no steps
    assert seed(app, "up") == "0003  Demo institution: in\n"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["up", "7"], "there is no seed 7; there are 0001, 0002, 0003"),
        (["down", "3", "--yes"], "Seed 0003 (Demo institution) is not in. Nothing was changed."),
    ],
)
def test_what_cannot_be_is_said_in_one_line(app: Flask, arguments: list[str], said: str) -> None:
    done = app.test_cli_runner().invoke(args=["seed", *arguments])
    assert done.exit_code != 0
    assert said in done.output
    assert "Traceback" not in done.output


@pytest.mark.one_database
def test_production_gets_reference_data_only(app: Flask, monkeypatch: Any) -> None:
    monkeypatch.setitem(app.config, "PORTAL", app.config["PORTAL"].model_copy(update={"portal_env": "production"}))
    seed(app, "down", "2", "--yes")
    assert seed(app, "up") == "0002  Default checklist of a week: in\n"
    done = app.test_cli_runner().invoke(args=["seed", "up", "3"])
    assert (done.exit_code, "not for production" in done.output) == (1, True)
    assert states(app) == [IN, IN, OUT]


@pytest.fixture
def older(worker: str, tmp_path: Path) -> Iterator[Flask]:
    """A database of a version that knew of no seeds."""
    app = open_at("0030", "sqlite", worker, tmp_path)
    yield app
    dispose(app)


@pytest.mark.one_database
@pytest.mark.parametrize("has_demo", [True, False])
def test_upgrading_notes_what_is_there(older: Flask, has_demo: bool) -> None:
    done = older.test_cli_runner().invoke(args=["seed", "status"])
    assert (done.exit_code, "Run: flask --app wsgi db upgrade" in done.output) == (1, True)
    if has_demo:
        load(older)
    migrate(older)
    assert states(older) == [IN, IN, IN if has_demo else OUT]
