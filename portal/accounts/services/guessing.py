"""How guessing of passwords is slowed down, without anyone being able to lock somebody else out.

A browser in which a person has signed in before has a lane of its own: there only its own failures
count. Everyone else shares two: one for each network address, and one for all of them, in which
every further failure makes the next attempt wait twice as long, up to a minute. So whoever fills
the lanes of strangers holds up nobody who comes from a browser of their own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.accounts.queries.sign_ins import Failure

_LIMIT = re.compile(r"(\d+)\s*(?:/|per)\s*(\d+)?\s*(second|minute|hour|day|month|year)", re.ASCII | re.IGNORECASE)
_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=30),
    "year": timedelta(days=360),
}
_LONGEST_DELAY = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many failures within so long."""

    failures: int
    within: timedelta


def read_allowances(limits: str) -> tuple[Allowance, ...]:
    """The allowances of a setting such as "5 per 15 minutes; 50 per day", as the limits library reads it."""
    found = _LIMIT.findall(limits)
    return tuple(Allowance(int(amount), int(many or 1) * _UNITS[unit.lower()]) for amount, many, unit in found)


@dataclass(frozen=True, slots=True)
class Lane:
    """From where an attempt comes: a device that the account knows, or a stranger's network address."""

    device_id: int | None
    network_address: str | None

    def shares(self, failure: Failure) -> bool:
        """Whether a failure came from there."""
        if self.device_id is not None:
            return failure.device_id == self.device_id
        return failure.device_id is None and failure.network_address == self.network_address


def seconds_to_wait(failures: Sequence[Failure], lane: Lane, allowances: Sequence[Allowance], now: datetime) -> int:
    """How long an attempt has to wait after these earlier failures, newest first; 0 when it may be made now."""
    waits = [0]
    for allowed in allowances:
        recent = [failure for failure in failures if failure.at > now - allowed.within]
        own = [failure for failure in recent if lane.shares(failure)]
        if len(own) >= allowed.failures:
            waits.append(_seconds(own[allowed.failures - 1].at + allowed.within - now))
        strangers = [failure for failure in recent if failure.device_id is None]
        beyond = len(strangers) - allowed.failures
        if lane.device_id is None and beyond >= 0:
            delay = min(_LONGEST_DELAY, 2 ** min(beyond, 6))
            waits.append(_seconds(strangers[0].at + timedelta(seconds=delay) - now))
    return max(waits)


def _seconds(left: timedelta) -> int:
    return int(left.total_seconds())
