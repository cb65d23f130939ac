"""What people say of themselves, and how the portal speaks to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from sqlalchemy import select

from portal.accounts.models import User
from portal.accounts.services.people import NAME_LIMIT
from portal.accounts.services.texts import tidy_line, tidy_text
from portal.accounts.zones import canonical_zones
from portal.audit.services import Actor, record
from portal.errors import DomainError, NotFound, lazy
from portal.extensions import db

TITLE_LIMIT = 100
BIO_LIMIT = 2000
LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """All that people may change of their own account without further ado; empty texts where there is nothing."""

    first_name: str
    last_name: str
    title: str
    bio: str
    locale: str
    time_zone: str


def check_first_name(text: str) -> str:
    """The name as it is stored. Raises DomainError."""
    name = tidy_line(text, "first_name", NAME_LIMIT)
    if not name:
        raise DomainError(lazy("Enter a first name. Whoever has only one name writes it here."), "first_name")
    return name


def check_last_name(text: str) -> str:
    """The name as it is stored; it may be empty. Raises DomainError."""
    return tidy_line(text, "last_name", NAME_LIMIT)


def check_title(text: str) -> str:
    """The title as it is stored; it may be empty. Raises DomainError."""
    return tidy_line(text, "title", TITLE_LIMIT)


def check_bio(text: str) -> str:
    """The lines as they are stored; there may be none. Raises DomainError."""
    return tidy_text(text, "bio", BIO_LIMIT)


def check_locale(language: str) -> str:
    """The language if the portal speaks it. Raises DomainError."""
    if language not in LANGUAGES:
        raise DomainError(lazy("Choose one of the languages of the list."), "locale")
    return language


def check_time_zone(zone: str) -> str:
    """The time zone if there is such a one; empty for the institution's. Raises DomainError."""
    if zone and zone not in canonical_zones():
        raise DomainError(lazy("Choose one of the time zones of the list."), "time_zone")
    return zone


CHECKS: Mapping[str, Callable[[str], str]] = {
    "first_name": check_first_name,
    "last_name": check_last_name,
    "title": check_title,
    "bio": check_bio,
    "locale": check_locale,
    "time_zone": check_time_zone,
}
_EMPTY_IS_NULL = frozenset({"title", "bio", "time_zone"})


def save_profile(user_id: int, shown: ProfileDraft, wanted: ProfileDraft, by: Actor) -> str:
    """Write the fields in which `wanted` differs from what the person was shown; gives their language.

    Whatever someone else, or they in another tab, changed meanwhile stays as it is (docs/decisions/005).
    Raises DomainError on a field that breaks its rule, NotFound when the account was closed meanwhile.
    """
    changed = {
        one.name: CHECKS[one.name](getattr(wanted, one.name))
        for one in fields(ProfileDraft)
        if getattr(wanted, one.name) != getattr(shown, one.name)
    }
    # Locked: the folded name is made of both names, and the audit says what was there before.
    user = db.session.scalar(select(User).where(User.id == user_id, User.is_active).with_for_update())
    if user is None:
        raise NotFound(lazy("There is no such account."))
    found: dict[str, tuple[str | None, str | None]] = {}
    for name, text in changed.items():
        before, after = getattr(user, name), text or (None if name in _EMPTY_IS_NULL else "")
        if before != after:
            found[name] = (before, after)
            setattr(user, name, after)
    if found:
        record(by, "update", "users", user_id, **found)
    db.session.flush()
    return user.locale
