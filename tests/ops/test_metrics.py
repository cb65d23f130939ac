"""What Prometheus reads, and who may."""

import subprocess
import sys
from typing import Any

import pytest

from portal.ops.logging import hide_secrets
from portal.ops.metrics import _measures
from tests.support.databases import build_app

# A second web process: it answers one request of its own and ends.
_OTHER = """
import sys
from pathlib import Path
from tests.support.databases import build_app
app = build_app("sqlite://", Path(sys.argv[1]))
@app.get("/only-in-this-test")
def view(): return "yes"
view.__audience__ = frozenset()
app.view_functions["view"].__audience__ = frozenset()
assert app.test_client().get("/only-in-this-test").status_code == 200
"""


def _values(text: str) -> dict[str, float]:
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_requests_are_counted_by_method_route_and_status(client: Any) -> None:
    before = _values(client.get("/metrics").text)
    client.get("/login")
    client.get("/nothing/here")
    after = _values(client.get("/metrics").text)
    for labels in ('method="GET",route="/login",status="200"', 'method="GET",route="none",status="404"'):
        name = f"http_request_duration_seconds_count{{{labels}}}"
        assert after[name] == before.get(name, 0) + 1
    # Pages of other tests may still be on their way when it begins.
    assert after["http_requests_in_flight"] <= before.get("http_requests_in_flight", 0)
    assert after["db_statements_total"] > before.get("db_statements_total", 0)


def test_the_tables_are_counted(client: Any, make: Any) -> None:
    make.log(make.offering(facilitator=make.facilitator()))
    found = _values(client.get("/metrics").text)
    assert found["active_users_total"] == 0
    assert found['portal_mails{state="failed"}'] == 0
    assert found["portal_job_oldest_waiting_seconds"] == 0
    assert sum(value for name, value in found.items() if name.startswith("portal_weekly_logs")) > 0


@pytest.mark.one_database
def test_other_processes_are_counted_too_even_when_they_have_ended(client: Any, tmp_path: Any) -> None:
    subprocess.run([sys.executable, "-c", _OTHER, str(tmp_path)], check=True, timeout=60)
    name = 'http_request_duration_seconds_count{method="GET",route="/only-in-this-test",status="200"}'
    assert _values(client.get("/metrics").text)[name] == 1


@pytest.mark.one_database
def test_a_token_guards_them(app: Any, client: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(app.config["PORTAL"], "metrics_token", "of-the-watchdog")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer of-the-watchdo"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer of-the-watchdog"}).status_code == 200


def test_without_a_token_production_shows_none(tmp_path: Any) -> None:
    app = build_app(
        "sqlite://", tmp_path, portal_env="production", secret_key="s" * 32, jwt_secret="j" * 32
    )  # fmt: skip
    assert app.test_client().get("/metrics").status_code == 404
    assert _measures()


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


def test_what_is_no_secret_stays() -> None:
    entry = {"event": "request", "path": "/courses/12", "status": 200, "user_id": 4, "sql": 3}
    assert hide_secrets(None, "info", dict(entry)) == entry
