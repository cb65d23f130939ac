"""What Prometheus reads, and who may."""

import os
import re
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.audit.services import System
from portal.config import SettingsError
from portal.extensions import db
from portal.jobs.models import Job
from portal.jobs.services import start_job
from portal.notifications.models import Delivery, DeliveryState
from portal.ops.logging import hide_secrets
from portal.ops.metrics import _measures, exposition
from portal.ops.models import DELIVERIES, Pass
from portal.ops.services import record_pass
from portal.webhooks.models import EndpointState, WebhookEndpoint, WhyDisabled
from tests.support.databases import build_app
from tests.support.forks import Forks
from tests.web.webhook_scenes import make_endpoint

# A second web process: it answers one request of its own and ends.
_OTHER = """
import os
from pathlib import Path
from tests.support.databases import build_app
app = build_app("sqlite://", Path(os.environ["FOLDER"]))
@app.get("/only-in-this-test")
def view(): return "yes"
view.__audience__ = frozenset()
app.view_functions["view"].__audience__ = frozenset()
assert app.test_client().get("/only-in-this-test").status_code == 200
"""


@pytest.fixture(autouse=True)
def _patient(monkeypatch: Any) -> None:
    """How soon a busy machine answers is not what these tests are about."""
    monkeypatch.setattr("portal.ops.figures.LIMIT", 20.0)


def _values(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_requests_are_counted_by_method_route_and_status(client: Any, make: Any, sign_in: Any) -> None:
    before = _values(client.get("/metrics").text)
    client.get("/login")
    client.get("/nothing/here")
    after = _values(client.get("/metrics").text)
    for labels in ('method="GET",route="/login",status="200"', 'method="GET",route="none",status="404"'):
        name = f"http_request_duration_seconds_count{{{labels}}}"
        assert after[name] == before.get(name, 0) + 1
    # Pages of other tests may still be on their way when it begins.
    assert after["http_requests_in_flight"] <= before.get("http_requests_in_flight", 0)
    # The page for strangers may ask for nothing that is not kept.
    sign_in(client, make.manager())
    client.get("/")
    assert _values(client.get("/metrics").text)["db_statements_total"] > after.get("db_statements_total", 0)


def test_endpoints_are_counted_by_how_they_stand(fresh_app: Flask) -> None:
    made = [make_endpoint(fresh_app)[0] for _ in range(4)]
    ways: list[dict[str, Any]] = [
        {"failing_since": clock.now()},
        {"state": EndpointState.DISABLED, "reason": WhyDisabled.GONE},
        {"state": EndpointState.DISABLED, "reason": WhyDisabled.BY_HAND},
    ]
    with fresh_app.app_context():
        for endpoint_id, values in zip(made, ways, strict=False):
            db.session.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).values(**values))
        db.session.commit()
    found = _values(fresh_app.test_client().get("/metrics").text)
    standing = [
        found[f'portal_webhook_endpoints{{state="{name}"}}'] for name in ("enabled", "failing", "given_up", "by_hand")
    ]
    assert standing == [1, 1, 1, 1]


def test_the_tables_are_counted(fresh_app: Flask, make_fresh: Any) -> None:
    make_fresh.log(make_fresh.offering(facilitator=make_fresh.facilitator()))
    found = _values(fresh_app.test_client().get("/metrics").text)
    assert found["active_users_total"] == 0
    assert found['portal_mails{state="failed"}'] == 0
    assert found["portal_job_oldest_waiting_seconds"] == 0
    assert sum(value for name, value in found.items() if name.startswith("portal_weekly_logs")) > 0
    assert [found[f'portal_tables_answered{{part="{part}"}}'] for part in ("queue", "tables")] == [1, 1]


def test_a_worker_that_is_gone_shows_though_nothing_waits(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        long_ago = clock.now() - timedelta(hours=3)
        db.session.execute(update(Pass).values(created_at=long_ago))
        record_pass(DELIVERIES)
        db.session.commit()
    found = _values(fresh_app.test_client().get("/metrics").text)
    assert found['portal_pass_age_seconds{name="deliveries"}'] < 60
    assert found['portal_pass_age_seconds{name="reminders"}'] == pytest.approx(3 * 3600, abs=60), "never yet"


def test_what_waits_is_counted_with_its_age(fresh_app: Flask, make_fresh: Any) -> None:
    people, now = [make_fresh.student().user_id for _ in range(4)], clock.now()
    with fresh_app.app_context():
        for user_id, state, due in (
            (people[0], DeliveryState.PENDING, now - timedelta(minutes=20)),
            (people[1], DeliveryState.PENDING, now - timedelta(minutes=5)),
            (people[2], DeliveryState.PENDING, now + timedelta(hours=9)),
            (people[3], DeliveryState.FAILED, now - timedelta(days=9)),
        ):
            db.session.add(Delivery(recipient_id=user_id, state=state, next_attempt_at=due))
        start_job("no such work", System())
        db.session.execute(update(Job).values(created_at=now - timedelta(minutes=10)))
        db.session.commit()
    found = _values(fresh_app.test_client().get("/metrics").text)
    mails = {state: found[f'portal_mails{{state="{state}"}}'] for state in ("ready", "deferred", "claimed", "failed")}
    assert mails == {"ready": 2, "deferred": 1, "claimed": 0, "failed": 1}
    assert found["portal_mail_oldest_waiting_seconds"] == pytest.approx(1200, abs=60)
    assert found['portal_jobs{state="waiting"}'] == 1
    assert found["portal_job_oldest_waiting_seconds"] == pytest.approx(600, abs=60)


@pytest.mark.one_database
def test_tables_that_do_not_answer_keep_nobody_waiting(fresh_app: Flask, monkeypatch: Any) -> None:
    ended = Event()
    monkeypatch.setattr("portal.ops.figures.LIMIT", 3.0)
    monkeypatch.setattr("portal.ops.figures.table_figures", lambda _settings: iter([ended.wait(60)]))
    began = time.monotonic()
    found = _values(fresh_app.test_client().get("/metrics").text)
    ended.set()
    assert time.monotonic() - began < 20
    assert found['portal_tables_answered{part="tables"}'] == 0
    assert 'portal_mails{state="ready"}' in found, "what is quick is told all the same"
    assert "active_users_total" not in found


@pytest.mark.one_database
def test_other_processes_are_counted_too_even_when_they_have_ended(client: Any, tmp_path: Any, forks: Forks) -> None:
    environment = os.environ | {"FOLDER": str(tmp_path)}
    assert forks.run("-c", _OTHER, environment=environment) == (0, "")
    name = 'http_request_duration_seconds_count{method="GET",route="/only-in-this-test",status="200"}'
    assert _values(client.get("/metrics").text)[name] == 1


@pytest.mark.one_database
def test_a_token_guards_them(app: Any, client: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(app.config["PORTAL"], "metrics_token", "of-the-watchdog")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer of-the-watchdo"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer of-the-watchdog"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "bearer of-the-watchdog"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "of-the-watchdog"}).status_code == 401


def test_without_a_token_production_shows_none(tmp_path: Any) -> None:
    app = build_app(
        "sqlite://", tmp_path, portal_env="production", secret_key="s" * 32, jwt_secret="j" * 32
    )  # fmt: skip
    assert app.test_client().get("/metrics").status_code == 404
    assert _measures()


@pytest.mark.one_database
def test_figures_go_into_no_folder_of_somebody_else(tmp_path: Path, monkeypatch: Any) -> None:
    """Its name can be known, and everybody may write beside it."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "kept for the others")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def start() -> Path:
        monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
        build_app("sqlite://", tmp_path)
        return Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])

    folder = start()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert start() == folder
    folder.rmdir()
    (tmp_path / "theirs").mkdir()
    folder.symlink_to(tmp_path / "theirs")
    with pytest.raises(SettingsError, match=r"^PROMETHEUS_MULTIPROC_DIR: .+ is somebody else's"):
        start()


def test_each_request_is_one_line_that_says_who_asked_what_and_what_it_cost(
    client: Any, make: Any, sign_in: Any, monkeypatch: Any
) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr("portal.web.requests.log.info", lambda _event, **fields: lines.append(fields), raising=False)
    person = make.facilitator()
    sign_in(client, person)
    client.get("/notifications/?q=nobody-needs-this", headers={"X-Request-ID": "request-12345"})
    [line] = lines
    assert (line["method"], line["path"], line["route"], line["status"]) == (
        "GET", "/notifications/", "/notifications/", 200,
    )  # fmt: skip
    assert (line["user_id"], line["request_id"]) == (person.user_id, "request-12345")
    assert line["sql"] > 0
    assert line["sql_ms"] > 0
    assert "nobody-needs-this" not in str(line)


@pytest.mark.parametrize(
    "entry",
    [
        {"event": "x", "password": "kept-to-myself"},
        {"event": "x", "reset_token": "kept-to-myself"},
        {"event": "x", "answer": "kept-to-myself"},
        {"event": "x", "error": "refused: Bearer kept-to-myself"},
        {"event": "x", "error": "smtp://portal:kept-to-myself@mail.example.org refused"},
        {"event": "x", "path": "/invitations/kept-to-myselfkept-to-myselfkept-to-myself"},
        {"event": "header was eyJhbGciOiJI.kept-to-myself.kept-to-myself"},
    ],
    ids="-".join,
)
def test_nothing_that_opens_something_gets_into_a_log(entry: dict[str, Any]) -> None:
    assert "kept-to-myself" not in str(hide_secrets(None, "info", dict(entry)))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO jobs (kind, state) VALUES ('kept-to-\nmyself)', 'kept-to-myself')",  # PostgreSQL shows the row
        "INSERT INTO seed_versions (version_num) VALUES ('kept-to-myself'), ('kept-to-myself')",
        "UPDATE users SET is_active = CAST('kept-to-myself' AS {integer}), role = 'kept-to-myself'",
        "INSERT INTO seed_versions (version_num) VALUES (1 + 'it''s kept-to-myself')",
    ],
)
def test_what_a_database_quotes_of_a_row_stays_out_of_a_log(
    fresh_app: Flask, make_fresh: Any, database_kind: str, statement: str
) -> None:
    make_fresh.student()
    integer = "SIGNED" if database_kind == "mariadb" else "INTEGER"
    said = "nothing"
    with fresh_app.app_context():
        try:
            db.session.execute(sa.text(statement.format(integer=integer)))
        except SQLAlchemyError as error:
            cause = re.sub(r"\nLINE 1: .*", "", str(error.orig))  # type: ignore[attr-defined]  # with parameters, $1
            said = f"Traceback …\n{type(error)}: {cause}\n[SQL: and the rest"
        db.session.rollback()
    kept = hide_secrets(None, "error", {"event": "unforeseen_error", "exception": said})
    assert "to-" not in kept["exception"]
    assert "myself" not in kept["exception"]
    assert said == "nothing" or kept["exception"].endswith("[SQL: and the rest")


def test_what_is_no_secret_stays() -> None:
    entry = {"event": "request", "path": "/courses/12", "status": 200, "user_id": 4, "sql": 3}
    assert hide_secrets(None, "info", dict(entry)) == entry


def test_connections_that_are_taken_are_counted_from_their_own_taking(fresh_app: Flask) -> None:
    def taken() -> float:
        with fresh_app.app_context():
            lines = exposition(fresh_app).splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith("db_pool_connections_in_use"))

    before = taken()
    with fresh_app.app_context(), db.engine.connect() as first, db.engine.connect() as second:
        assert taken() == before + 2
        second.invalidate()
        first.close()
    assert taken() == before
