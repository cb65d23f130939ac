"""What a bulk change would do to each course, and why it would leave one alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from portal.allocations.models import MAX_STUDENTS, OfferingStatus
from portal.allocations.queries.listing import RUNNING
from portal.allocations.queries.selections import SelectedCourse
from portal.allocations.services.transitions import DEEDS, TRANSITIONS
from portal.errors import lazy

LONGEST_SHIFT = 3 * 366
Pair = tuple[Any, Any]


class Deed(StrEnum):
    """What can be done to many courses at once."""

    ALLOCATE = "allocate"
    UNALLOCATE = "unallocate"
    SHIFT = "shift"
    MODE = "mode"
    STATUS = "status"
    PLACES = "places"


@dataclass(frozen=True, slots=True)
class BulkChange:
    """A deed with what it needs: `facilitator_id`, `days` to move by, `mode_id`, `status` or `places`."""

    deed: Deed
    facilitator_id: int | None = None
    days: int = 0
    mode_id: int | None = None
    status: OfferingStatus | None = None
    places: int = 0
    reason: str = ""

    @property
    def action(self) -> str:
        """What the audit calls it."""
        if self.status is not None:
            return DEEDS[self.status]
        return {Deed.ALLOCATE: "assign", Deed.UNALLOCATE: "assign", Deed.SHIFT: "shift"}.get(self.deed, "update")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one course: `changes` by field as (before, after), or why it stays as it is.

    Neither means that it stands so already.
    """

    course: SelectedCourse
    changes: Mapping[str, Pair] = field(default_factory=dict)
    refusal: Any = ""
    # Another course that stands in the way.
    other_id: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules need besides the courses: the day, and which courses have a twin in the new mode."""

    today: date
    twins: Mapping[int, int] = field(default_factory=dict)


def judge_all(courses: Sequence[SelectedCourse], change: BulkChange, facts: Facts) -> list[Outcome]:
    """What becomes of each course, in their order."""
    judge = _JUDGES[change.deed]
    found = [judge(course, change, facts) for course in courses]
    return _without_collisions(found) if change.deed is Deed.MODE else found


def _judge_facilitator(course: SelectedCourse, change: BulkChange, facts: Facts) -> Outcome:
    if course.facilitator_id == change.facilitator_id:
        return Outcome(course)
    if course.status not in RUNNING:
        return Outcome(course, refusal=_OVER)
    since = None
    if change.facilitator_id is not None:
        # The day from which someone owes logs stays when one person follows another.
        since = course.allocated_on or max(facts.today, course.start_date)
    return _changed(course, facilitator_id=change.facilitator_id, allocated_on=since)


def _judge_shift(course: SelectedCourse, change: BulkChange, _facts: Facts) -> Outcome:
    if course.status not in RUNNING:
        return Outcome(course, refusal=_OVER)
    by = timedelta(days=change.days)
    since = course.allocated_on
    # Who taught from the first day does so from the new first day too.
    if since is not None and since <= course.start_date:
        since = course.start_date + by
    return _changed(course, start_date=course.start_date + by, end_date=course.end_date + by, allocated_on=since)


def _judge_mode(course: SelectedCourse, change: BulkChange, facts: Facts) -> Outcome:
    if course.mode_id == change.mode_id:
        return Outcome(course)
    if course.status not in RUNNING:
        return Outcome(course, refusal=_OVER)
    if course.id in facts.twins:
        return Outcome(course, refusal=_EXISTS, other_id=facts.twins[course.id])
    return _changed(course, mode_id=change.mode_id)


def _without_collisions(found: Sequence[Outcome]) -> list[Outcome]:
    """Of several courses that would become the same one the first changes, the others stay."""
    first: dict[Any, int] = {}
    kept: list[Outcome] = []
    for outcome in found:
        key = outcome.course.combination if outcome.changes else None
        if key is not None and first.setdefault(key, outcome.course.id) != outcome.course.id:
            kept.append(Outcome(outcome.course, refusal=_WOULD_BE_SAME, other_id=first[key]))
        else:
            kept.append(outcome)
    return kept


def _judge_status(course: SelectedCourse, change: BulkChange, _facts: Facts) -> Outcome:
    if course.status is change.status:
        return Outcome(course)
    if change.status not in TRANSITIONS[course.status]:
        return Outcome(course, refusal=_NO_WAY)
    return _changed(course, status=change.status)


def _judge_places(course: SelectedCourse, change: BulkChange, _facts: Facts) -> Outcome:
    if course.max_students == change.places:
        return Outcome(course)
    if course.status not in RUNNING:
        return Outcome(course, refusal=_OVER)
    if course.enrolled_count > change.places:
        return Outcome(course, refusal=_TOO_FULL)
    return _changed(course, max_students=change.places)


def _changed(course: SelectedCourse, **values: Any) -> Outcome:
    pairs = {name: (getattr(course, name), value) for name, value in values.items()}
    return Outcome(course, {name: pair for name, pair in pairs.items() if pair[0] != pair[1]})


# As values, so that a preview can count how many stay for the same reason.
_OVER = lazy("It is completed or cancelled.")
_EXISTS = lazy("There is such a course in this mode already.")
_WOULD_BE_SAME = lazy("It would be the same as another of these courses.")
_TOO_FULL = lazy("It has more students than that.")
_NO_WAY = lazy("Its status cannot become this one.")
_JUDGES: Mapping[Deed, Callable[[SelectedCourse, BulkChange, Facts], Outcome]] = {
    Deed.ALLOCATE: _judge_facilitator,
    Deed.UNALLOCATE: _judge_facilitator,
    Deed.SHIFT: _judge_shift,
    Deed.MODE: _judge_mode,
    Deed.STATUS: _judge_status,
    Deed.PLACES: _judge_places,
}
MOST_PLACES = MAX_STUDENTS
