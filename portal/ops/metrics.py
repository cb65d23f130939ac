"""Figures for Prometheus: what each process measures, put together over all of them, and what the tables say.

Each process writes what it measures into files of its own in a folder that they share (PROMETHEUS_MULTIPROC_DIR);
whoever is asked adds them up. What stands in the database is read when it is asked for, so it is right over any number
of machines.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import event
from sqlalchemy.pool import Pool

from portal.config import Settings, SettingsError
from portal.measuring import Asked, asked_so_far
from portal.ops.figures import Figure, list_figures
from portal.web.bare import bare
from portal.web.requests import seconds_so_far

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# Asked for so often, or by machines only, that they would hide what people wait for.
_UNCOUNTED = frozenset({"static", "ops.metrics", "ops.live", "ops.state"})
_TAKEN = "portal_taken"
# The measure of connections that are taken, once this process measures.
_pools: list[Any] = []


def init_metrics(app: Flask) -> None:
    """Measure every request."""
    settings: Settings = app.config["PORTAL"]
    if _FOLDER not in os.environ:
        os.environ[_FOLDER] = str(_folder_of(settings))
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)


def _folder_of(settings: Settings) -> Path:
    """A folder of this machine for the processes of one portal, outlived by no restart of the machine.

    Anybody may make folders beside it, and knows its name: in one of somebody else's a file could lead anywhere.
    """
    name = hashlib.sha256(f"{settings.portal_data_dir.resolve()}:{settings.port}".encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"portal-metrics-{os.getuid()}-{name}"
    with suppress(OSError):  # who measures nothing needs none
        folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != os.getuid()):
        raise SettingsError(f"{_FOLDER}: {folder} is somebody else's; name a folder of the portal's own")
    return folder


@cache
def _measures() -> SimpleNamespace:
    """The measures of this process. The library reads its folder from the environment when it is first imported."""
    Path(os.environ[_FOLDER]).mkdir(mode=0o700, parents=True, exist_ok=True)
    from prometheus_client import Counter, Gauge, Histogram

    names = ["method", "route", "status"]
    found = SimpleNamespace(
        requests=Histogram(
            "http_request_duration_seconds", "How long requests took.", names, buckets=_BUCKETS, registry=None
        ),
        flying=Gauge(
            "http_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum", registry=None
        ),
        statements=Counter("db_statements", "Statements sent to the database by requests.", registry=None),
        seconds=Counter("db_statement_seconds", "Seconds that the database took for them.", registry=None),
        pool=Gauge(
            "db_pool_connections_in_use", "Connections taken from the pools.", multiprocess_mode="livesum",
            registry=None,
        ),
    )  # fmt: skip
    _pools.append(found.pool)
    return found


# Listening from the start: whoever begins to listen later may break into a connection's being taken elsewhere.
@event.listens_for(Pool, "checkout")
def _note_taken(_connection: Any, record: Any, _fairy: Any) -> None:
    if _pools:
        record.record_info[_TAKEN] = True
        _pools[-1].inc()


@event.listens_for(Pool, "checkin")
def _note_given_back(_connection: Any, record: Any) -> None:
    if record.record_info.pop(_TAKEN, False):
        _pools[-1].dec()


def _begin() -> None:
    if bare(request).endpoint not in _UNCOUNTED:
        bare(g).measured = True
        count_flying()


def _finish(response: Response) -> Response:
    if "measured" in bare(g):
        asked = bare(request)
        route = asked.url_rule.rule if asked.url_rule else "none"
        method = asked.method if asked.method in _METHODS else "other"
        measure(method, route, response.status_code, seconds_so_far(), asked_so_far())
    return response


def _end(_error: BaseException | None) -> None:
    if bare(g).pop("measured", False):
        count_landed()


def count_flying() -> None:
    """One request more is being answered."""
    _measures().flying.inc()


def count_landed() -> None:
    """One less."""
    _measures().flying.dec()


def measure(method: str, route: str, status: int, seconds: float, asked: Asked) -> None:
    """A request has its answer."""
    measures = _measures()
    _timer(method, route, status).observe(seconds)
    measures.statements.inc(asked.statements)
    measures.seconds.inc(asked.seconds)


@cache
def _timer(method: str, route: str, status: int) -> Any:
    """The library's measure of these; looking it up anew takes as long as the measuring."""
    return _measures().requests.labels(method, route, status)


def exposition(app: Flask) -> str:
    """All figures in Prometheus' text format."""
    _measures()
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    _forget_dead_processes(Path(os.environ[_FOLDER]))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry).decode() + "".join(map(_lines, list_figures(app)))


def _forget_dead_processes(folder: Path) -> None:
    """What a killed process had in flight is nobody's any more; what it had counted stays counted."""
    for path in folder.glob("gauge_live*_*.db"):
        number = path.stem.rpartition("_")[2]
        if number.isdigit() and not _runs(int(number)):
            path.unlink(missing_ok=True)


def _runs(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lines(figure: Figure) -> str:
    head = f"# HELP {figure.name} {figure.words}\n# TYPE {figure.name} gauge\n"
    return head + "".join(f"{figure.name}{_labels(labels)} {value}\n" for labels, value in figure.values)


def _labels(labels: dict[str, Any]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}" if labels else ""
