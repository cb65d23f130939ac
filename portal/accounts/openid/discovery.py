"""What a provider publishes of itself: its addresses and its keys. Fetched when first needed, and kept for a while."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from flask import current_app

from portal import clock
from portal.accounts.openid.providers import Provider
from portal.accounts.openid.troubles import ProviderAway
from portal.errors import lazy

log = structlog.get_logger()
# In seconds, to connect and between two parts of an answer.
PATIENCE = 5
_KEEPS = timedelta(hours=1)
# So long nobody else waits for a provider that has just not answered.
_RESTS = timedelta(seconds=15)
_PATH = "/.well-known/openid-configuration"
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")

Document = dict[str, Any]


@dataclass(slots=True)
class _Kept:
    """A document with its age, or the trouble with fetching it."""

    at: datetime
    document: Document | None = None
    trouble: ProviderAway | None = None

    def is_fresh(self) -> bool:
        """Whether it need not be asked for again."""
        return clock.now() - self.at < (_RESTS if self.trouble else _KEEPS)


@dataclass(slots=True)
class _Shelf:
    """The documents of this process."""

    kept: dict[str, _Kept] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)


def read_metadata(provider: Provider) -> Document:
    """What the provider says of itself. Raises ProviderAway."""
    return _read(provider, "metadata", lambda: fetch_metadata(provider))


def read_keys(provider: Provider, *, anew: bool = False) -> Document:
    """The keys with which the provider signs; `anew` when it signs with one that is not among them."""
    address = read_metadata(provider)["jwks_uri"]
    return _read(provider, "keys", lambda: fetch_keys(provider, address), anew=anew)


def fetch_metadata(provider: Provider) -> Document:
    """Ask for what the provider says of itself, and whether it can be right. Raises ProviderAway."""
    found = fetch(provider, provider.issuer.rstrip("/") + _PATH)
    if found.get("issuer") != provider.issuer:
        said = lazy(
            "It calls itself %(issuer)s; set the issuer to exactly that.", issuer=str(found.get("issuer"))[:200]
        )
        raise ProviderAway(provider, said)
    for name in _ADDRESSES:
        if not _is_safe(found.get(name), provider):
            raise ProviderAway(provider, lazy("What it publishes has no usable %(name)s.", name=name))
    return found


def fetch_keys(provider: Provider, address: str) -> Document:
    """Ask for the provider's keys. Raises ProviderAway."""
    found = fetch(provider, address)
    if not isinstance(found.get("keys"), list) or not all(isinstance(key, dict) for key in found["keys"]):
        raise ProviderAway(provider, lazy("It publishes no keys."))
    return found


def fetch(provider: Provider, address: str) -> Document:
    """A JSON object from an address of the provider, which is not followed elsewhere. Raises ProviderAway."""
    try:
        answer = requests.get(address, timeout=PATIENCE, allow_redirects=False)
    except requests.RequestException as error:
        log.warning("provider_away", provider=provider.name, address=address, error=str(error))
        raise ProviderAway(provider, lazy("%(address)s does not answer.", address=address)) from None
    found = None
    with suppress(ValueError):
        found = answer.json()
    if answer.status_code != requests.codes.ok or not isinstance(found, dict):
        log.warning("provider_away", provider=provider.name, address=address, status=answer.status_code)
        facts = {"address": address, "status": answer.status_code}
        raise ProviderAway(provider, lazy("%(address)s answers %(status)s without what belongs there.", **facts))
    return found


def _read(provider: Provider, what: str, ask: Callable[[], Document], *, anew: bool = False) -> Document:
    shelf: _Shelf = current_app.extensions.setdefault("portal_openid", _Shelf())
    name = f"{provider.issuer} {what}"
    before = shelf.kept.get(name)
    with shelf.locks.setdefault(name, Lock()):
        kept = shelf.kept.get(name)
        # Somebody may have asked while this request waited.
        if kept is None or not kept.is_fresh() or (anew and kept is before):
            kept = shelf.kept[name] = _ask(ask, kept)
    if kept.document is None:
        raise ProviderAway(provider, kept.trouble.reason if kept.trouble else "")
    return kept.document


def _ask(ask: Callable[[], Document], before: _Kept | None) -> _Kept:
    try:
        return _Kept(clock.now(), ask())
    except ProviderAway as trouble:
        # An old document is better than none.
        return _Kept(clock.now(), before.document if before else None, trouble)


def _is_safe(address: object, provider: Provider) -> bool:
    """HTTPS, or this machine itself where the provider is on it too."""
    try:
        parts, own = urlsplit(str(address)), urlsplit(provider.issuer)
    except ValueError:
        return False
    here = parts.scheme == own.scheme == "http" and parts.hostname == own.hostname
    return bool(parts.hostname) and (parts.scheme == "https" or here)
