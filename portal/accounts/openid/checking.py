"""What an administrator asks: whether a provider can be used, and if not, what is wrong, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from portal.accounts.openid import discovery
from portal.accounts.openid.exchange import knows_us
from portal.accounts.openid.providers import Provider
from portal.accounts.openid.troubles import ProviderAway


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    is_well: bool
    said: str


def check(provider: Provider) -> list[Finding]:
    """Ask a provider for what it publishes, and whether it knows the portal. Takes up to 15 seconds."""
    found: list[Finding] = []
    try:
        found += _steps(provider)
    except ProviderAway as error:
        found.append(Finding(is_well=False, said=str(error.reason)))
    return found


def _steps(provider: Provider) -> Iterator[Finding]:
    metadata = discovery.fetch_metadata(provider)
    yield Finding(is_well=True, said=_("It publishes its addresses, and calls itself what is set here."))
    yield from _abilities(metadata)
    keys = discovery.fetch_keys(provider, metadata["jwks_uri"])["keys"]
    yield Finding(is_well=bool(keys), said=_("Keys that it signs with: %(count)s.", count=len(keys)))
    known = knows_us(provider)
    if known is None:
        yield Finding(is_well=True, said=_("It does not say whether it knows the portal's client id and secret."))
    elif known:
        yield Finding(is_well=True, said=_("It knows the portal's client id and secret."))
    else:
        yield Finding(is_well=False, said=_("It does not take the portal's client id and secret."))


def _abilities(metadata: dict[str, Any]) -> Iterator[Finding]:
    for name, needed in (
        ("response_types_supported", "code"),
        ("code_challenge_methods_supported", "S256"),
        ("scopes_supported", "email"),
    ):
        # What it leaves out it may still be able to do.
        able = metadata.get(name)
        if isinstance(able, list) and needed not in able:
            yield Finding(is_well=False, said=_("Its %(name)s has no %(needed)s.", name=name, needed=needed))
