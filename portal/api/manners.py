"""What every answer of the API has: how often one may ask, and that nobody keeps it."""

from collections.abc import Sequence
from contextlib import suppress

import structlog
from flask import Flask, Response, current_app, request
from flask_limiter.util import get_remote_address
from flask_login import current_user
from limits import RateLimitItem, WindowStats

from portal import clock
from portal.api.bearer import present_token
from portal.api.cors import allow_origin, answer_preflight
from portal.extensions import limiter
from portal.web.bare import bare
from portal.web.entrances import present_entrance

log = structlog.get_logger()


def init_manners(app: Flask) -> None:
    """Finish each answer of the API, after everything else has."""
    app.after_request_funcs.setdefault(None, []).insert(0, _finish)
    # Before the guard: a browser asks whether it may send a token without sending one.
    app.before_request_funcs.setdefault(None, []).insert(0, answer_preflight)


def api_limit() -> str:
    """How often one person may ask, or one network address without a token."""
    return str(current_app.config["PORTAL"].ratelimit_api)


def caller() -> str:
    """Who asks, for counting: an integration, a person, or a network address."""
    if token := present_token():
        return f"token:{token.token_id}"
    person = bare(current_user)
    return f"user:{person.id}" if person.is_authenticated else get_remote_address()


def _finish(response: Response) -> Response:
    if present_entrance() is None:
        return response
    headers = response.headers
    # What is said of people and courses may lie with the program that asked, and with nobody between; tokens nowhere.
    may_keep = "ETag" in headers and request.method in {"GET", "HEAD"}
    headers.setdefault("Cache-Control", "private, no-cache" if may_keep else "no-store")
    headers.add("Vary", "Authorization, Accept-Language")
    allow_origin(response)
    if not response.content_length and response.is_sequence:
        headers.pop("Content-Type", None)
    with suppress(Exception):  # the counters are away: an answer without these three is no fault
        _tell_limits(response)
    return response


def _tell_limits(response: Response) -> None:
    limits = limiter.current_limits if limiter.enabled else []
    if not limits:
        return
    response.headers.update(limit_headers([(one.limit, one.window) for one in limits]))


def limit_headers(windows: Sequence[tuple[RateLimitItem, WindowStats]]) -> dict[str, str]:
    """What the tightest of these limits says, by when it begins anew and how much is left of it."""
    limit, window = min(windows, key=lambda one: one[1].remaining)
    begins = int(window.reset_time + 1)
    return {
        "RateLimit-Limit": str(limit.amount),
        "RateLimit-Remaining": str(max(window.remaining, 0)),
        "RateLimit-Reset": str(max(begins - int(clock.now().timestamp()), 0)),
    }
