"""What a load balancer asks."""

import socket
import subprocess
import sys
import threading
import time
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from portal.extensions import db
from portal.ops import health
from portal.ops.probing import Probe, answers_within
from portal.ops.queue import new_queue
from portal.ops.version import version
from tests.support.databases import build_app


@pytest.fixture
def patient(monkeypatch: Any) -> None:
    """What is asked may take its time: how a busy machine answers is not what these tests are about."""
    monkeypatch.setattr(health, "LIMIT", 30.0)


@pytest.mark.usefixtures("patient")
def test_health_names_what_the_portal_stands_on(client: Any) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    found = answer.get_json()
    assert (found["status"], found["version"], found["environment"]) == ("OK", version(), "development")
    assert found["services"] == {"database": "OK", "queue": "OK", "redis": "NOT USED"}
    assert found["queue_waiting"] == 0
    assert found["uptime"] > 0
    assert datetime.fromisoformat(found["time"]).tzinfo is not None
    assert answer.headers["Cache-Control"] == "no-store"


def test_health_is_503_when_the_database_is_away(tmp_path: Any) -> None:
    app = build_app("mysql+pymysql://nobody@127.0.0.1:1/none", tmp_path)
    answer = app.test_client().get("/health")
    assert answer.status_code == 503
    assert answer.get_json()["status"] == "ERROR"
    assert answer.get_json()["services"]["database"] == "ERROR"


@pytest.mark.usefixtures("patient")
def test_health_stays_200_when_only_the_queue_is_away(tmp_path: Any) -> None:
    app = build_app("sqlite://", tmp_path, redis_url="redis://127.0.0.1:1/0")
    app.config["RATELIMIT_ENABLED"] = False
    answer = app.test_client().get("/health")
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "DEGRADED"
    assert answer.get_json()["services"] == {"database": "OK", "queue": "ERROR", "redis": "ERROR"}


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("where", ["file", "redis"])
def test_health_counts_what_waits_in_the_queue(tmp_path: Any, request: Any, where: str) -> None:
    settings = {"redis_url": request.getfixturevalue("redis_url")} if where == "redis" else {}
    app = build_app("sqlite://", tmp_path, **settings)
    queue = new_queue(app.config["PORTAL"])
    for count in (0, 2):
        for number in range(count):
            queue.task(name=f"task_{number}")(len)([()])
        found = app.test_client().get("/health").get_json()
        assert (found["services"]["queue"], found["queue_waiting"]) == ("OK", count)


IMPORTS = """
import sys
from portal import create_app
from portal.config import load_settings
app = create_app(load_settings(_env_file=None))
app.test_client().get("/health/live")
before = set(sys.modules)
found = app.test_client().get("/health").get_json()
print(found["status"], found["services"]["queue"], sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "OK OK []"),
        (
            {"DATABASE_URL": "mysql+pymysql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"},
            "ERROR ERROR []",
        ),
    ],
)
def test_the_first_question_loads_nothing_which_takes_long_on_a_busy_machine(
    tmp_path: Any, settings: dict[str, str], said: str
) -> None:
    environment = {"PORTAL_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "LOG_LEVEL": "ERROR"} | settings
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=False, env=environment)
    assert done.stdout.strip() == said, done.stderr


@pytest.mark.parametrize(
    "waited_for",
    [
        {"database_url": "mysql+pymysql://nobody@{}/none", "redis_sentinels": "{0},{0},{0}"},
        {"database_url": "postgresql+psycopg://nobody@{}/none", "redis_url": "redis://{}/0"},
    ],
)
def test_both_are_quick_while_what_they_ask_takes_connections_and_says_nothing(
    tmp_path: Any, waited_for: dict[str, str]
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        settings = {name: value.format(place) for name, value in waited_for.items()}
        app = build_app(settings.pop("database_url"), tmp_path, **settings)
        client, threads = app.test_client(), threading.active_count()
        began = time.monotonic()
        answers = [client.get(path).status_code for path in ("/health", "/health/live", "/health")]
        assert time.monotonic() - began < 2 * health.LIMIT + 10
        assert health.LIMIT < 1, "the second has room for what is around it"
        assert answers == [503, 200, 503]
        assert threading.active_count() <= threads + 2, "a question that hangs is not asked again"


def test_a_dependency_that_hangs_does_not_make_the_other_look_away() -> None:
    hangs = threading.Event()
    asked = [Probe(lambda: hangs.wait(60)), Probe(lambda: "there")]
    assert list(answers_within(5.0, asked)) == [None, "there"]
    hangs.set()


def test_live_asks_nobody(tmp_path: Any, count_sql: Any) -> None:
    app = build_app("mysql+pymysql://nobody@127.0.0.1:1/none", tmp_path)
    with count_sql(of_all_threads=True) as sql:
        answer = app.test_client().get("/health/live")
    assert (answer.status_code, answer.text, len(sql)) == (200, "ok", 0)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/health", "/health/live"])
def test_health_is_not_rate_limited(build_fresh_app: Any, path: str) -> None:
    app: Flask = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="1 per minute")
    client = app.test_client()
    assert {client.get(path).status_code for _ in range(30)} == {200}
    with app.app_context():
        db.session.remove()
