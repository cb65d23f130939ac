"""Headers that keep a page to itself, and an id for each request."""

import re
import secrets

from flask import Flask, Response, g, request

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
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype == "text/html":
        headers.setdefault("Content-Security-Policy", _policy())
        headers.setdefault("Cache-Control", "no-store" if request.method != "GET" else "private, no-cache")
    return response


def _policy() -> str:
    return (
        f"default-src 'none'; script-src 'nonce-{csp_nonce()}' 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )
