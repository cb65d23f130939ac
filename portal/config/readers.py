"""How the text of a setting is read, where it is more than a word or a number."""

import re
from datetime import time, timedelta
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import quote, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

_DURATION = re.compile(r"\s*(\d{1,5})\s*([mhd])\s*", re.ASCII | re.IGNORECASE)
# As the limits library reads them; one that it cannot read would let everybody guess without end.
_LIMIT = r"\s*\d+\s*(?:/|per)\s*(?:\d+\s*)?(?:second|minute|hour|day|month|year)s?\s*"
_LIMITS = re.compile(rf"{_LIMIT}(?:[;,|]{_LIMIT})*", re.ASCII | re.IGNORECASE)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_LONGEST_ISSUER = 255
Network = IPv4Network | IPv6Network
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_DRIVERS = {"postgres:": "postgresql:", "mysql:": "mysql+pymysql:", "mariadb:": "mariadb+pymysql:"}
_DATABASES = ("sqlite", "mysql", "mariadb", "postgresql", "postgres://")


def listed(text: str) -> list[str]:
    """The words between the commas of a setting, lower-case."""
    return [word.strip().lower() for word in text.split(",") if word.strip()]


def quoted(text: str) -> str:
    """A name or password for an address. Whoever reads it back takes + for a plus, so a space must not become one."""
    return quote(text, safe="")


def database_of(text: str) -> str:
    """The address of a database, if there is one, in SQLAlchemy's spelling with the drivers we ship.

    Hosting providers hand out others. ValueError with what is allowed where it cannot be read or has no driver.
    """
    for short, full in _DRIVERS.items():
        if text.startswith(short):
            text = full + text.removeprefix(short)
            break
    if text and not _can_be_read(text):
        raise ValueError("use sqlite:///…, mysql+pymysql://user:password@host:3306/name or postgresql://…")
    return text


def _can_be_read(text: str) -> bool:
    try:
        address = make_url(text)
        address.get_dialect()  # with its driver
    except (ArgumentError, ValueError):
        return False
    return text.startswith(_DATABASES) and 0 <= (address.port or 0) < 65536


def duration_of(text: str) -> timedelta:
    """A number and its unit as a duration; ValueError with what is allowed."""
    found = _DURATION.fullmatch(text)
    if found is None or not int(found[1]):
        raise ValueError("use a number and a unit, such as 30m, 24h or 7d")
    return timedelta(**{_UNITS[found[2].lower()]: int(found[1])})


def check_limits(text: str) -> None:
    """ValueError unless a text says how often something may be done, such as '5 per 15 minutes'."""
    if not _LIMITS.fullmatch(text):
        raise ValueError("use a number and a time, such as '5 per 15 minutes'")


def check_hours(text: str) -> None:
    """ValueError with what is allowed, unless the text is two times with a dash between them, or nothing."""
    try:
        hours = [time.fromisoformat(part.strip()) for part in text.split("-")] if text.strip() else []
    except ValueError as error:
        raise ValueError("use two times, such as 20:00-07:00, or nothing at all") from error
    if len(hours) not in {0, 2}:
        raise ValueError("use two times, such as 20:00-07:00, or nothing at all")


def check_issuer(text: str) -> None:
    """ValueError with what is allowed, unless the text is the address of a provider that nobody can listen to."""
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    is_plain = parts.hostname and not (parts.query or parts.fragment) and len(text) <= _LONGEST_ISSUER
    if text and not (is_safe and is_plain):
        raise ValueError("use the provider's address, such as https://login.example.org")


def check_sender(text: str) -> None:
    """ValueError with what is allowed, unless the text holds an address of mail."""
    local, _, domain = parseaddr(text)[1].rpartition("@")
    if not local or not domain:
        raise ValueError("use an address such as portal@example.org or Academic office <office@example.org>")


def networks_of(text: str) -> tuple[Network, ...]:
    """The networks between the commas of a setting; ValueError with what is allowed."""
    try:
        return tuple(ip_network(word) for word in listed(text))
    except ValueError as error:
        raise ValueError("use networks such as 10.20.0.0/16 or 192.168.5.7, with commas between them") from error
