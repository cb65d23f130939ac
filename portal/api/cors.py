"""Pages of other origins that may use the API in a browser: none, unless `CORS_ORIGINS` names them.

There are no cookies to ride on; the list keeps a browser from lending its user's network to any page.
"""

from http import HTTPStatus

from flask import Response, current_app, request

from portal.origins import origins_of
from portal.web.entrances import present_entrance

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_SENT = "Authorization, Content-Type, Accept-Language, If-Match, If-None-Match, Idempotency-Key, X-Request-ID"
_SHOWN = (
    "ETag, Link, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-ID, "
    "X-Total-Count, Idempotent-Replayed"
)
_DAY = 86_400


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
    if not current_app.config["PORTAL"].cors_origins:
        return
    response.headers.add("Vary", "Origin")
    if origin := _origin():
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _SHOWN


def _origin() -> str | None:
    """The origin of the page that asks; None when it may not."""
    origin = request.headers.get("Origin", "")
    return origin if origin.lower() in origins_of(current_app.config["PORTAL"].cors_origins) else None
