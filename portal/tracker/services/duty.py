"""Who owes a week, leave included: pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.tracker.queries.leaves import Absence


@dataclass(frozen=True, slots=True)
class Duty:
    """Who owes a week, and the leave that it follows from, if any; `is_excused` when nobody owes it."""

    facilitator_id: int
    absence: Absence | None = None
    is_excused: bool = False

    @property
    def leave_id(self) -> int | None:
        """The leave that it follows from."""
        return self.absence.id if self.absence else None

    def values(self, now: datetime) -> dict[str, Any]:
        """The columns of a log that say so."""
        excuse = self.absence if self.is_excused else None
        return {
            "facilitator_id": self.facilitator_id,
            "leave_id": self.leave_id,
            "excused_at": now if excuse else None,
            "excused_by": excuse.granted_by if excuse else None,
            "excused_reason": excuse.reason if excuse else None,
        }


class Duties:
    """Answers who owes what, given every leave that may matter."""

    def __init__(self, absences: Iterable[Absence]) -> None:
        self._of: dict[int, list[Absence]] = {}
        for absence in absences:
            self._of.setdefault(absence.facilitator_id, []).append(absence)

    def of(self, teacher_id: int, monday: date) -> Duty:
        """The duty of the week of this Monday in a course that this facilitator teaches.

        A substitute who is away too in that week stands in for nobody.
        """
        absence = self._away(teacher_id, monday)
        if absence is None:
            return Duty(teacher_id)
        if absence.substitute_id is None or self._away(absence.substitute_id, monday):
            return Duty(teacher_id, absence, is_excused=True)
        return Duty(absence.substitute_id, absence)

    def _away(self, facilitator_id: int, monday: date) -> Absence | None:
        return next((one for one in self._of.get(facilitator_id, ()) if one.covers(monday)), None)
