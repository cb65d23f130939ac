"""The frame around the pages of one's own account: a tab for each of them that there is."""

from typing import Any

from flask import current_app, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.accounts.queries.profiles import has_identity
from portal.config.present import present_settings
from portal.web.pages import page

_CONNECTIONS = "providers.connections"
_TABS = (
    ("profile.edit", _l("Profile")),
    ("password_change.change", _l("Password")),
    ("sessions.index", _l("Sessions")),
    ("api_tokens.index", _l("Access tokens")),
    ("calendar_feed.index", _l("Calendar")),
    (_CONNECTIONS, _l("Connected accounts")),
    ("profile.data", _l("Your data")),
)

Tab = tuple[Any, str, bool, None]


def profile_page(template: str, here: str, **context: Any) -> str:
    """A page that extends accounts/profile/frame.html; `here` is the endpoint of its tab."""
    return page(template, tabs=_tabs(here), **context)


def _tabs(here: str) -> list[Tab]:
    """As ui/tabs.html wants them, read before the page is rendered."""
    there = current_app.view_functions
    shown = [(name, text) for name, text in _TABS if name in there and (name != _CONNECTIONS or _may_connect())]
    return [(text, url_for(name), name == here, None) for name, text in shown]


def _may_connect() -> bool:
    """Whether there is a provider to sign in with, or was when this person connected their account."""
    settings = present_settings()
    return bool(settings.google_client_id or settings.oidc_issuer) or has_identity(current_user.id)
