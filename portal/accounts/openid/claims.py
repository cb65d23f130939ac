"""From a provider's claims to what an account can hold. A provider lets people write much of it themselves."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from portal.accounts.openid.providers import Provider
from portal.accounts.queries import LONGEST_EMAIL
from portal.accounts.services import check_email
from portal.accounts.services.identities import ProviderAccount
from portal.accounts.services.people import NAME_LIMIT
from portal.errors import DomainError
from portal.web.locale import LANGUAGES

# As the standard has it.
_LONGEST_SUBJECT = 255
# Control and turning characters, lone surrogates, line ends.
_UNWANTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# They join letters in Persian, Indic scripts and emoji.
_JOINERS = "\u200c\u200d"


def read_account(provider: Provider, claims: Mapping[str, Any]) -> ProviderAccount:
    """The account that claims tell of. Raises ValueError when its subject is none."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.isascii() or not subject.isprintable():
        raise ValueError("the subject is no plain text")
    if not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise ValueError("the subject is empty or too long")
    email = _read_email(claims.get("email"))
    first, last = _read_names(claims)
    return ProviderAccount(
        issuer=provider.issuer,
        subject=subject,
        provider=provider.heading,
        email=email,
        is_verified=email is not None and _is_true(claims.get("email_verified")),
        first_name=first,
        last_name=last,
        locale=_read_locale(claims.get("locale")),
    )


def _is_true(value: object) -> bool:
    """Some providers write it as text; anything else, such as 1, means nothing."""
    return value is True or value == "true"


def _read_email(value: object) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST_EMAIL:
        return None
    try:
        return check_email(value)
    except (DomainError, ValueError):
        return None


def _read_names(claims: Mapping[str, Any]) -> tuple[str, str]:
    first, last = _tidy(claims.get("given_name")), _tidy(claims.get("family_name"))
    if not first and not last:
        first, _space, last = _tidy(claims.get("name")).partition(" ")
    return first[:NAME_LIMIT].strip(), last[:NAME_LIMIT].strip()


def _tidy(value: object) -> str:
    if not isinstance(value, str):
        return ""
    composed = unicodedata.normalize("NFC", value[: 4 * NAME_LIMIT])
    kept = (" " if letter.isspace() else letter for letter in composed if _is_wanted(letter))
    return " ".join("".join(kept).split())


def _is_wanted(letter: str) -> bool:
    return letter.isspace() or letter in _JOINERS or unicodedata.category(letter) not in _UNWANTED


def _read_locale(value: object) -> str | None:
    language = value.replace("_", "-").partition("-")[0].lower() if isinstance(value, str) else ""
    return language if language in LANGUAGES else None
