"""What is put together of parts, so that after a change only the part that has changed is counted again.

Courses fall into parts by their ids, and their logs into weeks. Each part and each week has a pulse of its own.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, false, or_

from portal.pulses import PARTS, WHOLE, Kept, keep, present_pulses, pulse_of, recall, slot_of_part, slot_of_week

# A part of the courses, and a Monday for what follows from each week by itself.
Place = tuple[int, date | None]


@dataclass(frozen=True, slots=True)
class Stale:
    """What must be read again: these parts of the courses, in every week, and these weeks, of every course."""

    parts: frozenset[int]
    weeks: frozenset[date]

    def among(self, course_id: ColumnElement[int], week: ColumnElement[date] | None = None) -> ColumnElement[bool]:
        """The condition on rows that have a course's id, and a Monday if weeks are told apart."""
        found = [part_of(course_id).in_(sorted(self.parts))] if self.parts else []
        if week is not None and self.weeks:
            found.append(week.in_(sorted(self.weeks)))
        return or_(false(), *found)


def part_of(course_id: ColumnElement[int]) -> ColumnElement[int]:
    """Which part of the courses one belongs to."""
    return course_id % PARTS


def kept_in_places(
    name: str, key: Hashable, read: Callable[[Stale | None], Mapping[Place, Kept]], *subjects: str
) -> Mapping[Place, Kept]:
    """As `kept`, for what is put together of parts of the courses, and of weeks: only what has changed is read again.

    `read` gives what is at these places; at every place when it is asked for None. Instead of the subjects of courses
    and weeks, whose slots say more, only the others are named.
    """
    followed = (*subjects, *WHOLE)
    now = present_pulses()
    if pulse_of(*followed) is None or not now:
        return read(None)
    found: tuple[Mapping[str, int], Mapping[Place, Kept]] | None = recall(name, key, *followed)
    stale = None if found is None else _stale(now, *found)
    if found is None or stale is None:
        places = read(None)
    elif stale.parts or stale.weeks:
        stands = {place: thing for place, thing in found[1].items() if not _is_in(place, stale)}
        places = {**stands, **read(stale)}
    else:
        return found[1]
    keep(name, key, (now, places), *followed)
    return places


def _stale(now: Mapping[str, int], seen: Mapping[str, int], places: Mapping[Place, Any]) -> Stale | None:
    """What has changed since; None for so much that all is read as quickly."""
    changed = {slot for slot, value in now.items() if seen.get(slot) != value}
    every_week = {week for _part, week in places if week is not None}
    weeks = frozenset(week for week in every_week if slot_of_week(week) in changed)
    parts = frozenset(part for part in range(PARTS) if slot_of_part(part) in changed)
    many = 2 * len(parts) > PARTS or (len(weeks) > 1 and 2 * len(weeks) > len(every_week))
    return None if many else Stale(parts, weeks)


def _is_in(place: Place, stale: Stale) -> bool:
    return place[0] in stale.parts or place[1] in stale.weeks
