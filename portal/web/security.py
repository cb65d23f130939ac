"""Headers that keep a page to itself, an id for each request, and the names that the portal answers to."""

import re
import secrets
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.config import Settings
from portal.config.present import present_settings
from portal.web.answers import Answer
from portal.web.bare import bare
from portal.web.errors import error_page
from portal.web.requests import opens_by_itself

log = structlog.get_logger("portal.security")

# Nothing here looks, listens, moves or pays; a part that is smuggled in gets none of it either.
_UNUSED = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
    "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_PERMISSIONS = ", ".join(f"{feature}=()" for feature in _UNUSED)
_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Permissions-Policy", _PERMISSIONS),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Permitted-Cross-Domain-Policies", "none"),
)
# What a view may have said otherwise.
_GUARDS = frozenset({name for name, _value in _ALWAYS} | {"Referrer-Policy", "Content-Security-Policy"})
_YEAR = 31_536_000
_SENT_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_HOSTS = "portal_hosts"
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?", re.ASCII)


def init_security(app: Flask) -> None:
    """Give every request an id and a nonce, and every answer its headers."""
    app.extensions[_HOSTS] = _own_hosts(app.config["PORTAL"])
    app.before_request(_begin)
    app.before_request(_check_host)
    app.after_request(_finish)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """The nonce of this answer's own scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _begin() -> None:
    bare(g).request_id = id_of_request(bare(request).environ.get("HTTP_X_REQUEST_ID", ""))


def id_of_request(sent: str) -> str:
    """The id that whoever asks gives a request, or one of its own."""
    return sent if _SENT_ID.fullmatch(sent) else secrets.token_hex(8)


def _own_hosts(settings: Settings) -> frozenset[str]:
    """The names under which the portal is asked for; empty for any, where it was not told its address."""
    public = urlsplit(settings.public_url).hostname
    return frozenset(_LOOPBACK | {public}) if settings.in_production and public else frozenset()


def _check_host() -> ResponseReturnValue | None:
    """Answer under no name but one's own: what a proxy or a page makes of a forged one is out of our hands."""
    own = bare(current_app).extensions[_HOSTS]
    # Whoever watches over the processes asks each of them by its number: balancers, and Prometheus.
    if not own or request.path.startswith("/health") or request.path == "/metrics":
        return None
    found = _HOST.fullmatch(request.host)
    if found and found[1].strip("[]").lower() in own:
        return None
    log.warning("host_refused", host=request.host[:100])
    address = present_settings().address()
    return error_page(400, _("The portal is not at this address. Open %(address)s.", address=address))


def _finish(response: Answer) -> Answer:
    # The host alone, for an address with a secret in it. With "no-referrer" a browser would keep even that from our own
    # forms, and the check of forms that came by https would refuse them.
    whence = "strict-origin" if opens_by_itself() else "same-origin"
    wanted = [("Referrer-Policy", whence), *_ALWAYS]
    asked = bare(request)
    if asked.is_secure:
        wanted.append(("Strict-Transport-Security", f"max-age={_YEAR}"))
    if response.mimetype == "text/html":
        wanted.append(("Content-Security-Policy", _policy()))
        response.headers.setdefault("Cache-Control", "no-store" if asked.method != "GET" else "private, no-cache")
    own = {name for name, _value in response.headers} & _GUARDS
    response.put_last(
        ("X-Request-ID", bare(g).get("request_id", "")), *[header for header in wanted if header[0] not in own]
    )
    return response


def show_frames() -> None:
    """Let the page that answers this request show other pages of the portal within itself."""
    g.shows_frames = True


def framed_mail(html: str) -> Response:
    """A mail as a page for a frame of ours: its own styles, no script, form, picture or link works in it."""
    response = Response(html, mimetype="text/html")
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    response.headers["Content-Security-Policy"] = f"{policy}; frame-ancestors 'self'; sandbox"
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "no-store"
    return response


def _policy() -> str:
    # A page that came by https asks for nothing by http, whatever stands in it.
    upgrade = "; upgrade-insecure-requests" if request.is_secure else ""
    frames = "; frame-src 'self'" if g.get("shows_frames") else ""
    return (
        f"default-src 'none'; script-src 'nonce-{csp_nonce()}'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self'; font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
        f"{frames}{upgrade}"
    )
