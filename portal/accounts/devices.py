"""The browser behind a request: what it says of itself, how people call it, and by what it is known again."""

import secrets
from dataclasses import replace
from datetime import timedelta

from flask import current_app, request
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from portal.accounts.services.devices import Browser

_LASTS = timedelta(days=365)
_SECRET_LENGTH = 43
_LONGEST = {"user_agent": 300, "network_address": 45}
_LONGEST_NAME = 40


def present_browser() -> Browser:
    """The browser of this request."""
    return Browser(
        _plain(request.headers.get("User-Agent"), _LONGEST["user_agent"]),
        _plain(request.remote_addr, _LONGEST["network_address"]),
        _secret(request.cookies.get(_cookie_name())),
    )


def known_browser() -> Browser:
    """The browser of this request, with a new secret if it has none; `remember_browser` gives it that."""
    browser = present_browser()
    return browser if browser.secret else replace(browser, secret=secrets.token_urlsafe(32))


def remember_browser(response: Response, browser: Browser) -> None:
    """Give a browser its secret for another year. It opens nothing, it tells a person's browser from a stranger's."""
    response.set_cookie(
        _cookie_name(),
        _serializer().dumps(browser.secret),
        max_age=_LASTS,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )


def name_of_device(user_agent: str | None) -> str:
    """What people call a browser and its system, such as "Firefox on Linux", in the present language."""
    from ua_parser import parse  # takes 0.2 s, and few requests need it

    found = parse(user_agent or "")
    browser = found.user_agent.family[:_LONGEST_NAME] if found.user_agent else None
    system = found.os.family[:_LONGEST_NAME] if found.os else None
    if browser and system:
        return str(_("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(_("Unknown browser"))


def _cookie_name() -> str:
    return "__Host-portal_device" if current_app.config["SESSION_COOKIE_SECURE"] else "portal_device"


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="portal-device")


def _secret(cookie: str | None) -> str | None:
    try:
        secret = _serializer().loads(cookie or "")
    except BadSignature:
        return None
    return secret if isinstance(secret, str) and len(secret) == _SECRET_LENGTH else None


def _plain(text: str | None, longest: int) -> str | None:
    """What may stand in a column, a page and a mail: without control characters, not too long."""
    return "".join(letter for letter in text if letter.isprintable())[:longest] if text else None
