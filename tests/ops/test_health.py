"""What a load balancer asks."""

from typing import Any

import pytest
from flask import Flask

from portal.extensions import db
from portal.ops.version import version
from tests.support.databases import build_app


def test_health_names_database_queue_and_version(client: Any, database: Any) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    found = answer.get_json()
    assert (found["status"], found["version"]) == ("ok", version())
    assert found["database"]["status"] == "ok"
    assert found["database"]["kind"] in {database.kind, "mysql"}
    assert found["queue"] == {"status": "ok", "kind": "sqlite", "waiting": 0}
    assert answer.headers["Cache-Control"] == "no-store"


def test_health_is_503_when_the_database_is_away(tmp_path: Any) -> None:
    app = build_app("mysql+pymysql://nobody@127.0.0.1:1/none", tmp_path)
    answer = app.test_client().get("/health")
    assert answer.status_code == 503
    assert answer.get_json()["status"] == "down"
    assert answer.get_json()["database"] == {"status": "down"}


def test_health_stays_200_when_only_the_queue_is_away(tmp_path: Any) -> None:
    app = build_app("sqlite://", tmp_path, redis_url="redis://127.0.0.1:1/0")
    app.config["RATELIMIT_ENABLED"] = False
    answer = app.test_client().get("/health")
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "degraded"
    assert answer.get_json()["queue"] == {"status": "down", "kind": "redis"}


def test_health_counts_what_waits_on_redis(tmp_path: Any, redis_url: str) -> None:
    app = build_app("sqlite://", tmp_path, redis_url=redis_url)
    assert app.test_client().get("/health").get_json()["queue"] == {"status": "ok", "kind": "redis", "waiting": 0}


def test_live_asks_nobody(tmp_path: Any, count_sql: Any) -> None:
    app = build_app("mysql+pymysql://nobody@127.0.0.1:1/none", tmp_path)
    with count_sql() as sql:
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
