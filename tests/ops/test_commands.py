"""The command line of those who run the portal."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pymysql
import pytest
from click import ClickException
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.extensions import db
from portal.migrating import telling_how_to_go_on
from portal.notifications.models import Delivery, Notification
from tests.support.databases import build_app, dispose

ROOT = Path(__file__).resolve().parents[2]
Mails = Callable[[Flask], list[EmailMessage]]


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=list(arguments))


@pytest.fixture
def owing(app: Flask, make: Any) -> Any:
    """A facilitator who owes weeks 1 and 2 of a course."""
    facilitator = make.facilitator(first_name="Ada", last_name="Okafor")
    offering = make.offering(facilitator, weeks_ago=4)
    for week in (1, 2):
        make.log(offering, week)
    return facilitator


def test_a_pass_tells_and_sends_and_says_how_many(app: Flask, owing: Any, mail_files: Mails) -> None:
    first, second = run(app, "reminders", "run"), run(app, "reminders", "run")
    assert first.output.splitlines() == [
        "1 people told: 2 logs missing, 0 at their deadline, 0 due soon.",
        "1 mails sent, 0 with nothing left to say, 0 failed.",
    ]
    assert second.output.startswith("0 people told")
    assert len(mail_files(app)) == 1


def test_a_dry_run_names_who_would_get_what_and_writes_nothing(app: Flask, owing: Any, mail_files: Mails) -> None:
    result = run(app, "reminders", "run", "--dry-run")
    assert result.output.startswith(f"Would be told:\n  Ada Okafor <{owing.email}>: MOD")
    assert "(stage log_missing, deadline " in result.output
    assert result.output.endswith("1 people would be told: 2 logs missing, 0 at their deadline, 0 due soon.\n")
    assert mail_files(app) == []
    with app.app_context():
        assert db.session.scalar(select(func.count(Notification.id))) == 0
        assert db.session.scalar(select(func.count(Delivery.id))) == 0


@pytest.mark.one_database
def test_a_dry_run_says_why_somebody_is_not_told(app: Flask, make: Any, frozen_time: Any) -> None:
    offering = make.offering(make.facilitator())
    now, late = clock.now(), clock.now() - timedelta(days=8)
    make.log(offering, 1, due_at=late, submitted_at=late)
    make.log(offering, 2, due_at=late, excused_at=late)
    make.log(make.offering(make.facilitator(is_active=False)), 3, due_at=late)
    make.log(make.offering(make.facilitator()), 4, due_at=now + timedelta(days=14))
    make.log(make.offering(make.facilitator()), 5, due_at=late)
    make.manager()
    assert "of 2 weeks that stay missing, stage log_alert" in run(app, "reminders", "run", "--dry-run").output
    run(app, "reminders", "run")
    said = run(app, "reminders", "run", "--dry-run").output
    for week, why in (
        (1, "submitted"), (2, "excused"), (3, "the account is closed"), (4, "its next stage begins 2026-10-26 07:00"),
        (5, "told already at stage log_missing"),
    ):  # fmt: skip
        assert f"week {week} ({why})" in said, said


@pytest.mark.parametrize("offset", ["", "+00:00", "Z"])
def test_a_pass_for_another_moment(app: Flask, make: Any, offset: str) -> None:
    make.log(make.offering(make.facilitator(), weeks_ago=0), 3)
    later = clock.now() + timedelta(days=40)
    said = run(app, "reminders", "run", "--dry-run").output
    assert said.startswith("Would not be told:\n")
    assert "week 3 (its next stage begins " in said
    assert "\n0 people would be told" in said
    result = run(app, "reminders", "run", "--at", f"{later:%Y-%m-%dT%H:%M:%S}{offset}")
    assert result.output.splitlines()[0] == "1 people told: 1 logs missing, 0 at their deadline, 0 due soon."
    assert result.output.splitlines()[1].startswith("1 mails sent")


def test_a_wrong_time_is_said_in_one_line(app: Flask) -> None:
    result = run(app, "reminders", "run", "--at", "tomorrow")
    assert result.exit_code == 2
    assert "'tomorrow' is not an ISO time" in result.output


def test_a_mail_server_that_is_away_ends_the_pass_with_an_error(
    app: Flask, owing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = app.config["PORTAL"].model_copy(update={"mail_url": "smtp://127.0.0.1:1"})
    monkeypatch.setitem(app.config, "PORTAL", away)
    result = run(app, "reminders", "run")
    assert result.exit_code == 1
    assert "The mail server is away" in result.output


def test_a_test_mail_goes_where_mail_goes(app: Flask, mail_files: Mails, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(app, "mail", "test", "ada@example.org")
    assert result.exit_code == 0
    assert result.output.startswith("A mail to ada@example.org was handed over as a file in")
    (mail,) = mail_files(app)
    assert mail["To"] == "ada@example.org"
    away = app.config["PORTAL"].model_copy(update={"mail_url": "smtp://127.0.0.1:1"})
    monkeypatch.setitem(app.config, "PORTAL", away)
    result = run(app, "mail", "test", "ada@example.org")
    assert result.exit_code == 1
    assert result.output.startswith("Error: The mail was not sent: 127.0.0.1:1")


def flask(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    secrets = {"SECRET_KEY": "x" * 40, "JWT_SECRET": "y" * 40}
    given = {"PATH": os.environ["PATH"], "PORTAL_DATA_DIR": str(folder)} | secrets | environment
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_prepare_makes_the_database_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    first = flask(tmp_path, "prepare", PORTAL_ENV="production")
    assert (first.returncode, first.stdout) == (0, "The database is up to date.\n"), first.stderr
    kept = (tmp_path / "portal.db").read_bytes()
    url = f"sqlite:///{tmp_path}/portal.db"
    app = build_app(url, tmp_path, portal_env="production", jwt_secret="y" * 40)
    with app.app_context():
        second = run(app, "prepare")
    assert (second.exit_code, second.stdout) == (0, "The database is up to date.\n"), second.stderr
    assert (tmp_path / "portal.db").read_bytes() == kept
    app = build_app(url, tmp_path)
    with app.app_context():
        assert db.session.scalar(select(func.count(Notification.id))) == 0
    # No demo comes beside real people.
    assert run(app, "users", "add", "dean@example.org", "--role", "admin").exit_code == 0
    with app.app_context():
        assert run(app, "prepare").exit_code == 0
        assert db.session.scalars(select(db.metadata.tables["users"].c.email)).all() == ["dean@example.org"]


def test_a_moment_without_an_offset_is_the_institutions(build_fresh_app: Any, make_fresh: Any) -> None:
    deadline = datetime(2026, 10, 19, 17, tzinfo=UTC)
    app = build_fresh_app(portal_time_zone="America/Chicago")
    offering = make_fresh.offering(make_fresh.facilitator())
    make_fresh.log(offering, 1, due_at=deadline)
    at = ("reminders", "run", "--dry-run", "--at")
    assert "1 at their deadline" in run(app, *at, "2026-10-19T11:59").output  # 16:59 UTC
    assert "0 logs missing" in run(app, *at, "2026-10-20T06:59").output
    assert "1 logs missing" in run(app, *at, "2026-10-20T07:00").output


@pytest.mark.one_database
def test_whoever_waits_for_the_tables_is_told_which_are_there(tmp_path: Path, fresh_app: Flask) -> None:
    assert run(fresh_app, "wait").output == "The tables are up to date.\n"
    empty = build_app(f"sqlite:///{tmp_path}/empty.db", tmp_path)
    waited = run(empty, "wait", "--seconds", "0")
    assert waited.exit_code == 1
    assert "migrations are pending. Run: flask --app wsgi db upgrade" in waited.output
    with empty.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")
    assert "revision 9999, which this version does not know" in run(empty, "wait").output
    dispose(empty)


@pytest.mark.one_database
def test_a_command_says_in_a_line_what_the_database_says(tmp_path: Path) -> None:
    empty = build_app(f"sqlite:///{tmp_path}/empty.db", tmp_path)
    add = ["users", "add", "somebody@example.org", "--role", "admin", "--password-stdin"]
    made = empty.test_cli_runner().invoke(args=add, input="Correct-horse-9 battery\n")
    assert made.exit_code == 1
    assert made.output.splitlines()[-2:] == [
        "Error: The database answers with an error: no such table: users",
        "The tables are of another version. Run: flask --app wsgi db upgrade",
    ]
    dispose(empty)
    away = build_app("mysql+pymysql://nobody@127.0.0.1:1/none", tmp_path)
    assert "The database answers with an error: (2003," in run(away, "reminders", "run").output


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        (1050, "Table 'x' already exists", "would make is there already"),
        (
            1005,
            'Can\'t create table `x` (errno: 121 "Duplicate key on write or update")',
            "would make is there already",
        ),
        (1005, 'Can\'t create table `x` (errno: 28 "No space left on device")', ""),
        (1146, "Table 'x' doesn't exist", "would use is gone already"),
        (1054, "Unknown column 'x'", "would use is gone already"),
        (1205, "Lock wait timeout exceeded", ""),
    ],
)
def test_what_a_killed_migration_left_is_told_with_a_way_on(fresh_app: Flask, code: int, said: str, told: str) -> None:
    error = OperationalError("CREATE TABLE x (id INT)", {}, pymysql.OperationalError(code, said))
    with fresh_app.app_context(), pytest.raises(ClickException) as caught, telling_how_to_go_on():
        raise error
    assert "At: CREATE TABLE x" in caught.value.message
    assert ("Was a process killed within this step" in caught.value.message) is bool(told)
    assert told in caught.value.message
    # What is there is taken away, what is gone is put back: each is told the one alone.
    assert ("drop by hand" in caught.value.message) is ("make" in told)
    assert ("drop nothing more" in caught.value.message) is ("use" in told)
