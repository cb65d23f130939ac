"""Spans for OpenTelemetry: one for each request, with its route and what it cost, and never what anybody wrote.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT is set. A span goes on from the `traceparent` of whoever asked. Of an address it
holds the route's pattern: no ids, no links that open something, no query.
"""

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from portal.config import Settings, SettingsError
from portal.measuring import asked_so_far
from portal.ops.version import version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

_MISSING = 'OTEL_EXPORTER_OTLP_ENDPOINT: this needs the OpenTelemetry packages; install them with pip install ".[otel]"'
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Asked for so often, or by machines only, that they would hide what people wait for.
_UNTRACED = frozenset({"static", "ops.metrics", "ops.live", "ops.state", "live.pulse"})
_FAILED = 500
_SPANS = "portal_spans"


def init_tracing(app: Flask, exporter: "SpanExporter | None" = None) -> None:
    """Trace requests, where somebody wants to know; `exporter` in place of the one that the setting names."""
    settings: Settings = app.config["PORTAL"]
    if not settings.otel_exporter_otlp_endpoint and exporter is None:
        return
    try:
        provider, propagator, kind, status = _tools(settings, exporter)
    except ImportError:
        raise SettingsError(_MISSING) from None
    app.extensions[_SPANS], tracer = provider, provider.get_tracer("portal")

    def begin() -> None:
        if request.endpoint not in _UNTRACED:
            parent = propagator.extract({"traceparent": request.headers.get("traceparent", "")})
            g.span = tracer.start_span(_name(), context=parent, kind=kind, attributes=_asked())

    def finish(response: Response) -> Response:
        if "span" in g:
            g.span.set_attributes(_answered(response))
            if response.status_code >= _FAILED:
                g.span.set_status(status)
        return response

    def end(_error: BaseException | None) -> None:
        if (span := g.pop("span", None)) is not None:
            span.end()

    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(end)


def is_traced(app: Flask) -> bool:
    """Whether somebody wants to know."""
    return _SPANS in app.extensions


def _tools(settings: Settings, exporter: "SpanExporter | None") -> tuple[Any, Any, Any, Any]:
    """Maker of tracers, reader of parents, the kind of our spans, and what stands for a failure."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    from opentelemetry.trace import SpanKind, Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    # OTEL_RESOURCE_ATTRIBUTES is read by the library.
    about = {"service.version": version(), "deployment.environment.name": settings.portal_env}
    name = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "teaching-portal")}
    provider = TracerProvider(resource=Resource.create(about | name))
    if exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    else:
        provider.add_span_processor(BatchSpanProcessor(_exporter(settings.otel_exporter_otlp_endpoint)))
    return provider, TraceContextTextMapPropagator(), SpanKind.SERVER, Status(StatusCode.ERROR)


def _exporter(endpoint: str) -> "SpanExporter":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError("OTEL_EXPORTER_OTLP_ENDPOINT: use an address such as http://collector:4318 (OTLP by HTTP)")
    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")


def _name() -> str:
    return f"{_method()} {request.url_rule}" if request.url_rule else _method()


def _method() -> str:
    return request.method if request.method in _METHODS else "_OTHER"


def _asked() -> dict[str, str]:
    asked = {"http.request.method": _method(), "url.scheme": request.scheme}
    if request.url_rule:
        asked["http.route"] = str(request.url_rule)
    return asked


def _answered(response: Response) -> dict[str, Any]:
    asked = asked_so_far()
    return {
        "http.response.status_code": response.status_code,
        "portal.request_id": str(g.get("request_id", "")),
        "portal.sql.statements": asked.statements,
        "portal.sql.seconds": asked.seconds,
    }
