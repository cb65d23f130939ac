"""The one place that knows what time it is, so that tests can stop it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, aware, in UTC, without microseconds (MySQL keeps none)."""
    return datetime.now(UTC).replace(microsecond=0)


def today(zone: ZoneInfo) -> date:
    """The calendar day in a time zone at this moment."""
    return now().astimezone(zone).date()


def zone_named(name: str | None) -> ZoneInfo | None:
    """The time zone of this name; None for an empty one, and for one that this machine does not know."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # as unknown, no name of a file at all, the name of a folder
        return None
