"""What Sentry and OpenTelemetry are told: where and how long, and nothing of what people wrote."""

import gzip
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
import sentry_sdk
import structlog
from flask import Flask, request
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from portal.config import SettingsError, load_settings
from portal.ops.logging import configure_logging
from portal.ops.tracing import init_tracing
from portal.web.access import public
from tests.support.databases import build_app
from tests.support.receiver import Receiver, receiving

pytestmark = pytest.mark.one_database
SECRET = "what-a-student-wrote"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def sentry() -> Iterator[Receiver]:
    """Stands for Sentry; afterwards nobody is told any more, and logs are as tests have them."""
    with receiving() as receiver:
        yield receiver
        sentry_sdk.flush()
        # Without an address and without any integration, which would stay in every request of the tests to come.
        sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)
        logging.getLogger("huey").handlers.clear()
        configure_logging(load_settings(_env_file=None, log_level="ERROR"))


def add_faulty_page(app: Flask) -> None:
    """A page that fails with what it was sent in its error and in its variables."""

    def view(word: str) -> str:
        written = request.form.get("text", "")
        raise RuntimeError(f"cannot read {written} of {word}")

    app.config["WTF_CSRF_ENABLED"] = False
    app.add_url_rule("/faulty/<word>", "faulty", public(view), methods=["GET", "POST"])


def ask_with_secrets(app: Flask) -> Any:
    headers = {"Authorization": f"Bearer {SECRET}", "Cookie": f"portal={SECRET}", "X-Request-ID": "request-77",
               "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}  # fmt: skip
    return app.test_client().post(f"/faulty/{SECRET}?q={SECRET}", data={"text": SECRET}, headers=headers)


def _bodies(receiver: Receiver) -> list[bytes]:
    unpack = {"gzip": gzip.decompress, "br": brotli.decompress, "": bytes}
    return [unpack[one.headers.get("content-encoding", "")](one.body) for one in receiver.received]


def test_sentry_is_told_where_it_failed_and_nothing_else(sentry: Receiver, tmp_path: Path) -> None:
    dsn = f"http://key@127.0.0.1:{sentry.port}/7"
    app = build_app("sqlite://", tmp_path, sentry_dsn=dsn)
    app.config["TESTING"] = False
    add_faulty_page(app)
    assert ask_with_secrets(app).status_code == 500
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("huey").exception("task failed: %s", SECRET)
        structlog.get_logger().exception("job_failed", job=5, kind="import", text=SECRET)
    sentry_sdk.flush(5)
    told = b"\n".join(_bodies(sentry))
    assert SECRET.encode() not in told
    assert b"127.0.0.1" not in told.replace(dsn.encode(), b"")
    events = [json.loads(line) for line in told.splitlines() if b'"exception"' in line]
    kinds = [one["exception"]["values"][-1]["type"] for one in events]
    assert sorted(kinds) == ["RuntimeError", "ValueError", "ValueError"]
    [page] = [one for one in events if one["tags"]["event"] == "unforeseen_error"]
    assert page["tags"]["request_id"] == "request-77"
    last = page["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert (last["function"], "vars" in last, "context_line" in last) == ("view", False, False)


def test_each_request_is_a_span_with_its_route_and_cost_and_nothing_else(app: Flask, tmp_path: Path) -> None:
    spans = InMemorySpanExporter()
    app = build_app("sqlite://", tmp_path)
    add_faulty_page(app)
    app.config["TESTING"] = False
    init_tracing(app, spans)
    assert ask_with_secrets(app).status_code == 500
    assert app.test_client().get("/health/live").status_code == 200
    [span] = spans.get_finished_spans()
    assert (span.name, span.status.is_ok) == ("POST /faulty/<word>", False)
    assert span.parent is not None
    assert f"{span.parent.trace_id:032x}" == TRACE
    assert set(span.attributes or ()) == {
        "http.request.method", "http.route", "http.response.status_code", "url.scheme", "portal.request_id",
        "portal.sql.statements", "portal.sql.seconds",
    }  # fmt: skip
    assert SECRET not in span.to_json()


def test_spans_go_where_the_setting_says(tmp_path: Path) -> None:
    with receiving() as collector:
        app = build_app("sqlite://", tmp_path, otel_exporter_otlp_endpoint=f"http://127.0.0.1:{collector.port}")
        app.test_client().get(f"/login?q={SECRET}")
        app.extensions["portal_spans"].force_flush(5000)
        [sent] = collector.received
    assert sent.path == "/v1/traces"
    assert b"GET /login" in _bodies(collector)[0]
    assert b"teaching-portal" in _bodies(collector)[0]
    assert SECRET.encode() not in _bodies(collector)[0]
    app.extensions["portal_spans"].shutdown()


@pytest.mark.parametrize(
    ("name", "value"),
    [("sentry_dsn", "sentry.example.org"), ("otel_exporter_otlp_endpoint", "collector:4318")],
)
def test_a_wrong_address_stops_the_start(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"^{name.upper()}: use an? |^{name.upper()}: use the "):
        build_app("sqlite://", tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("name", "package"), [("sentry_dsn", "sentry_sdk"), ("otel_exporter_otlp_endpoint", "opentelemetry.sdk.resources")]
)
def test_what_is_not_installed_is_named(name: str, package: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(SettingsError, match=rf"^{name.upper()}: this needs .+ pip install"):
        build_app("sqlite://", tmp_path, **{name: "http://key@127.0.0.1:9/7"})
