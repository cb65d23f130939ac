"""The teaching portal: `create_app` wires everything and decides nothing."""

import gc

# Nothing of what is imported is ever thrown away: to look for it while it grows takes as long as to import it.
_sweeps = gc.isenabled()
gc.disable()

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import (
    accounts,
    allocations,
    api,
    catalogue,
    dashboards,
    enrolments,
    exchange,
    jobs,
    learning,
    notifications,
    ops,
    reflections,
    tracker,
    webhooks,
)
from portal.accounts.sessions import init_sessions
from portal.config import Settings, load_settings
from portal.config.folders import make_data_folder
from portal.config.redis import asking_of
from portal.counting import CalmMemory
from portal.extensions import compress, csrf, db, limiter
from portal.lane import init_lane
from portal.migrating import init_migrations
from portal.notifications.queries import count_unread
from portal.ops.logging import configure_logging
from portal.pulses import init_pulses
from portal.waking import init_waking
from portal.web import ui
from portal.web.access import init_access
from portal.web.addresses import LazyRule, init_addresses
from portal.web.answers import Answer
from portal.web.assets import init_assets
from portal.web.entrances import init_entrances
from portal.web.errors import init_errors
from portal.web.live import bp as live
from portal.web.locale import init_locale
from portal.web.pages import init_pages
from portal.web.requests import init_requests
from portal.web.retry import init_retry
from portal.web.security import init_security

if _sweeps:
    gc.freeze()
    gc.enable()

__all__ = ["create_app"]

_MAX_BODY = 2 * 1024 * 1024
# The fields of a form, without its files. Two megabytes of empty ones take a processor for more than a second.
_MAX_FORM = 512 * 1024
# Limits are counted in each process by itself when Redis does not answer within this many seconds.
_REDIS_PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 1}


class _Portal(Flask):
    url_rule_class = LazyRule
    response_class = Answer

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: there is no coroutine here, and to look for one costs each request two dozen times."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Raises SettingsError with one line when a setting is wrong."""
    settings = settings or load_settings()
    configure_logging(settings)
    make_data_folder(settings.portal_data_dir)
    app = _Portal(__name__)
    app.config.from_mapping(_flask_config(settings))
    app.config["PORTAL"] = settings
    _bind_extensions(app, settings)
    _add_features(app, settings)
    return app


def _flask_config(settings: Settings) -> dict[str, Any]:
    secret = settings.secret_key or _development_secret(settings.portal_data_dir)
    return {
        "SECRET_KEY": secret,
        "JWT_SECRET": settings.jwt_secret or f"{secret}.jwt",
        "JWT_SECRET_PREVIOUS": settings.jwt_secret_previous,
        "SQLALCHEMY_DATABASE_URI": settings.database_address(),
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings),
        "MAX_CONTENT_LENGTH": _MAX_BODY,
        "MAX_FORM_MEMORY_SIZE": _MAX_FORM,
        # A browser takes this prefix only by HTTPS, for the whole host, and from no neighbour below the same domain.
        "SESSION_COOKIE_NAME": "__Host-portal" if settings.in_production else "portal",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.in_production,
        # The cookie is good for as long as any session may last; whether it still does is in `user_sessions`.
        "PERMANENT_SESSION_LIFETIME": settings.session_lifetime,
        # No refused sign-in is answered sooner, in seconds: see accounts/timing.py.
        "PORTAL_ANSWER_FLOOR": 0.5,
        # The token lives as long as the session: a form left open over lunch still saves.
        "WTF_CSRF_TIME_LIMIT": None,
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_STREAMS": False,
        "COMPRESS_BR_LEVEL": 4,
        "COMPRESS_MIMETYPES": ["text/html", "text/css", "text/javascript", "image/svg+xml", "application/json"],
        **_limiter_options(settings),
    }


def _limiter_options(settings: Settings) -> dict[str, Any]:
    address = settings.redis_address()
    options: dict[str, Any] = dict(_REDIS_PATIENCE) if address else {}
    if settings.redis_sentinels:
        # Replicas are behind: whoever counts asks the one that leads.
        options |= {"use_replicas": False, "sentinel_kwargs": asking_of(settings.redis_sentinel_password)}
        options |= {"password": settings.redis_password or None}
    return {
        "RATELIMIT_ENABLED": settings.ratelimit_enabled,
        "RATELIMIT_STORAGE_URI": address or f"{CalmMemory.STORAGE_SCHEME[0]}://",
        "RATELIMIT_STORAGE_OPTIONS": options,
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        # They would be read from the counters for each answer: the API writes its own, a refusal says how long to wait.
        "RATELIMIT_HEADERS_ENABLED": False,
    }


def _engine_options(settings: Settings) -> dict[str, Any]:
    address = settings.database_address()
    # What people wrote, and hashes of passwords, do not belong in the log of an error.
    options: dict[str, Any] = {"hide_parameters": settings.in_production}
    if address.startswith("sqlite"):
        return options | {"connect_args": {"timeout": 10, "check_same_thread": False}}
    options |= {"pool_recycle": 1800, "pool_timeout": 10}
    if "pymysql" not in address:  # its connections see to both by themselves: see thrift.py
        options["pool_pre_ping"] = True
        if address.startswith(("mysql", "mariadb")):
            options["isolation_level"] = "READ COMMITTED"
    options["connect_args"] = _patience(address)
    return options


def _patience(address: str) -> dict[str, Any]:
    """How long a driver waits, in seconds: a machine that went without a word must not hold threads for ever."""
    if address.startswith("postgresql"):
        lost = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
        return {"connect_timeout": 5, **lost}
    if "pymysql" in address or "mysqldb" in address:
        return {"connect_timeout": 5, "read_timeout": 30, "write_timeout": 30, "charset": "utf8mb4"}
    return {"connect_timeout": 5}


def _development_secret(folder: Path) -> str:
    """A secret made once and kept in the data folder, so that a restart ends no session."""
    kept = folder / "secret_key"
    if not kept.exists():
        with NamedTemporaryFile("w", dir=folder) as fresh:
            fresh.write(secrets.token_hex(32))
            fresh.flush()
            # Of several processes that start at once one makes the secret, whole; the others read it.
            with suppress(FileExistsError):
                os.link(fresh.name, kept)
    return kept.read_text()


def _bind_extensions(app: Flask, settings: Settings) -> None:
    init_lane(app)
    init_addresses(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    compress.init_app(app)
    db.init_app(app)
    init_migrations(app)
    init_entrances(app)
    init_requests(app)
    init_retry(app)
    init_security(app)
    init_assets(app)
    # Before the token is looked at: a session that has ended took its token along, and is answered as ended.
    init_access(app)
    csrf.init_app(app)
    limiter.init_app(app)
    init_sessions(app)
    init_locale(app)
    init_errors(app)
    init_pages(app, count_unread)
    app.register_blueprint(live)
    init_waking(app)
    init_pulses()


def _add_features(app: Flask, settings: Settings) -> None:
    for feature in (
        accounts,
        notifications,
        jobs,
        catalogue,
        allocations,
        enrolments,
        tracker,
        learning,
        reflections,
        webhooks,
        exchange,
        dashboards,
        ops,
        api,
    ):
        feature.init_app(app)
    if not settings.in_production:
        app.register_blueprint(ui.bp)
