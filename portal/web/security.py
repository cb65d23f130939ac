"""Headers that keep a page to itself, and an id for each request."""

import re
import secrets

from flask import Flask, Response, g, request

from portal.web.requests import opens_by_itself

# Nothing here looks, listens, moves or pays; a part that is smuggled in gets none of it either.
_UNUSED = (
    "accelerometer", "autoplay", "bluetooth", "browsing-topics", "camera", "display-capture", "encrypted-media",
    "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_PERMISSIONS = ", ".join(f"{feature}=()" for feature in _UNUSED)
_YEAR = 31_536_000
_SENT_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def init_security(app: Flask) -> None:
    """Give every request an id and a nonce, and every answer its headers."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """The nonce of this answer's own scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _begin() -> None:
    sent = request.headers.get("X-Request-ID", "")
    g.request_id = sent if _SENT_ID.fullmatch(sent) else secrets.token_hex(8)


def _finish(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Request-ID", g.get("request_id", ""))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # The host alone, for an address with a secret in it. With "no-referrer" a browser would keep even that from our own
    # forms, and the check of forms that came by https would refuse them.
    headers.setdefault("Referrer-Policy", "strict-origin" if opens_by_itself() else "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Permissions-Policy", _PERMISSIONS)
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("X-Permitted-Cross-Domain-Policies", "none")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", _policy())
        headers.setdefault("Cache-Control", "no-store" if request.method != "GET" else "private, no-cache")
    return response


def _policy() -> str:
    # A page that came by https asks for nothing by http, whatever stands in it.
    upgrade = "; upgrade-insecure-requests" if request.is_secure else ""
    return (
        f"default-src 'none'; script-src 'nonce-{csp_nonce()}' 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
        f"{upgrade}"
    )
