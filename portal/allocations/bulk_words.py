"""Bulk changes in words: what each course changes from and to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from portal.allocations.models import OfferingStatus
from portal.allocations.queries.batches import Batch, ChangedCourse
from portal.allocations.queries.selections import facilitator_names, mode_names
from portal.allocations.services.bulk_rules import Deed, Outcome
from portal.allocations.words import status_name
from portal.catalogue.words import mode_name
from portal.web.locale import date_short


@dataclass(frozen=True, slots=True)
class Line:
    """A course, and its changes as (field, before, after) in words."""

    id: int
    name: str
    code: str
    changes: Sequence[tuple[str, str, str]]


def lines_of_outcomes(outcomes: Sequence[Outcome]) -> list[Line]:
    """What a preview shows. At most two statements."""
    words = _Words([one.changes for one in outcomes])
    return [Line(one.course.id, one.course.name, one.course.code, words.of(one.changes)) for one in outcomes]


def lines_of_batch(courses: Sequence[ChangedCourse]) -> list[Line]:
    """What a bulk change did. At most two statements."""
    words = _Words([one.changes for one in courses])
    return [Line(one.id, one.name, one.code, words.of(one.changes)) for one in courses]


def said_of(batch: Batch) -> str:
    """What was done, in one sentence."""
    n = batch.row_count
    count = format_decimal(n)
    said: dict[str, str] = {
        Deed.ALLOCATE: ngettext("%(count)s course allocated", "%(count)s courses allocated", n, count=count),
        Deed.UNALLOCATE: ngettext(
            "%(count)s course has no facilitator now", "%(count)s courses have no facilitator now", n, count=count
        ),
        Deed.SHIFT: ngettext("%(count)s course moved", "%(count)s courses moved", n, count=count),
        Deed.MODE: ngettext(
            "The mode of %(count)s course changed", "The mode of %(count)s courses changed", n, count=count
        ),
        Deed.STATUS: ngettext(
            "The status of %(count)s course changed", "The status of %(count)s courses changed", n, count=count
        ),
        Deed.PLACES: ngettext(
            "The places of %(count)s course changed", "The places of %(count)s courses changed", n, count=count
        ),
        "rollover": ngettext("%(count)s course copied", "%(count)s courses copied", n, count=count),
        "undo_rollover": ngettext(
            "%(count)s copied course deleted", "%(count)s copied courses deleted", n, count=count
        ),
        "undo": ngettext("%(count)s course is as it was", "%(count)s courses are as they were", n, count=count),
    }
    return said.get(batch.kind) or str(
        ngettext("%(count)s course changed", "%(count)s courses changed", n, count=count)
    )


class _Words:
    """Names for the ids in some changes, looked up at once."""

    def __init__(self, changes: Sequence[Mapping[str, Any]]) -> None:
        people = {key for one in changes for key in one.get("facilitator_id", ()) if key is not None}
        modes = {key for one in changes for key in one.get("mode_id", ()) if key is not None}
        self._people = facilitator_names(sorted(people)) if people else {}
        self._modes = mode_names(sorted(modes)) if modes else {}

    def of(self, changes: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """Field, before and after of what a reader wants to know."""
        labels = {"facilitator_id": _("Facilitator"), "start_date": _("First day"), "end_date": _("Last day"),
                  "mode_id": _("Mode"), "status": _("Status"), "max_students": _("Places")}  # fmt: skip
        return [
            (labels[name], self._value(name, pair[0]), self._value(name, pair[1]))
            for name, pair in changes.items()
            if name in labels
        ]

    def _value(self, name: str, value: Any) -> str:
        if value is None:
            return str(_("nobody")) if name == "facilitator_id" else "–"
        if name == "facilitator_id":
            return self._people.get(value, str(value))
        if name == "mode_id":
            return mode_name(self._modes[value]) if value in self._modes else str(value)
        if name == "status":
            return status_name(OfferingStatus(value))
        if name in {"start_date", "end_date"}:
            return date_short(value if isinstance(value, date) else date.fromisoformat(value))
        return str(value)
