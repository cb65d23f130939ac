"""Pages of other origins that may use the API in a browser: none, unless `CORS_ORIGINS` names them.

Those of `REFLECTION_ORIGINS` may do what the page of reflections on a static host does, and nothing else.
There are no cookies to ride on; the list keeps a browser from lending its user's network to any page.
"""

from http import HTTPStatus

from flask import Response, request

from portal.config.present import present_settings
from portal.origins import origins_of
from portal.web.entrances import present_entrance

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_SENT = "Authorization, Content-Type, Accept-Language, If-Match, If-None-Match, Idempotency-Key, X-Request-ID"
_SHOWN = (
    "Date, ETag, Link, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-ID, "
    "X-Total-Count, Idempotent-Replayed"
)
_DAY = 86_400
# What that page asks: signing in and out, which reflections are open, and sending one.
_OF_REFLECTIONS = {
    "/api/auth/login": "POST", "/api/auth/logout": "POST", "/api/reflections/form": "GET", "/api/reflections": "POST",
}  # fmt: skip


def answer_preflight() -> Response | None:
    """What a browser may send from the page that asks; None for anything but such a question."""
    asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not asked or present_entrance() is None or _origin() is None:
        return None
    answer = Response(status=HTTPStatus.NO_CONTENT)
    answer.headers["Access-Control-Allow-Methods"] = _METHODS
    answer.headers["Access-Control-Allow-Headers"] = _SENT
    answer.headers["Access-Control-Max-Age"] = str(_DAY)
    return answer


def allow_origin(response: Response) -> None:
    """Let the page that asks read the answer, if its origin is allowed."""
    settings = present_settings()
    if not settings.cors_origins and not settings.reflection_origins:
        return
    response.headers.add("Vary", "Origin")
    if origin := _origin():
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _SHOWN


def _origin() -> str | None:
    """The origin of the page that asks; None when it may not."""
    origin, settings = request.headers.get("Origin", ""), present_settings()
    if origin.lower() in origins_of(settings.cors_origins):
        return origin
    is_reflection = _OF_REFLECTIONS.get(request.path) == _method()
    return origin if is_reflection and origin.lower() in origins_of(settings.reflection_origins) else None


def _method() -> str:
    """The method of the request, or the one that a browser asks about before it."""
    return request.headers.get("Access-Control-Request-Method", "") if request.method == "OPTIONS" else request.method
