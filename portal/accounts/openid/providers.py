"""The providers that the settings name, and where they send people back to."""

import re
from dataclasses import dataclass, field
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.config import Settings
from portal.config.present import present_settings

_GOOGLE = "https://accounts.google.com"
# As its documentation has it, Google writes its name either way.
_GOOGLE_NAMES = (_GOOGLE, "accounts.google.com")
_HERE = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: the name in our addresses, the one that people read, and what the portal is to it."""

    name: str
    title: Any
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    # What may stand as the issuer in what it signs.
    spellings: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """Its name where a line begins."""
        title = str(self.title)
        return title[:1].upper() + title[1:]


@dataclass(frozen=True, slots=True)
class Button:
    """A way to sign in, on the pages that offer it."""

    label: str
    address: str


def list_providers(settings: Settings | None = None) -> list[Provider]:
    """Those that are set."""
    settings = settings or present_settings()
    found = []
    if settings.google_client_id:
        credentials = (settings.google_client_id, settings.google_client_secret)
        found.append(Provider("google", "Google", _GOOGLE, *credentials, _GOOGLE_NAMES))
    if settings.oidc_issuer:
        title = settings.oidc_name or _l("your institution's account")
        credentials = (settings.oidc_client_id, settings.oidc_client_secret)
        found.append(Provider("oidc", title, settings.oidc_issuer, *credentials, (settings.oidc_issuer,)))
    return found


def find_provider(name: str) -> Provider | None:
    """The provider of this name, if it is set."""
    return next((provider for provider in list_providers() if provider.name == name), None)


def buttons(next_address: str | None = None) -> list[Button]:
    """The ways to sign in besides a password."""
    return [
        Button(
            _("Continue with %(provider)s", provider=provider.title),
            url_for("providers.start", name=provider.name, next=next_address or None),
        )
        for provider in list_providers()
    ]


def redirect_address(name: str) -> str:
    """Where a provider sends people back to; it must be registered there, letter by letter.

    It is the portal's own address, never that of the request, which anybody can make up. Without
    PUBLIC_URL, in development, the request may only choose between the names of this machine.
    """
    settings = present_settings()
    base = settings.address()
    if not settings.public_url and not settings.in_production and _HERE.fullmatch(request.host):
        base = request.host_url.rstrip("/")
    return f"{base}{url_for('providers.callback', name=name)}"
