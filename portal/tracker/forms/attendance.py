"""A week's sheet as its form sends it: `mark-<enrolment id>` for each student, and what the page was drawn with.

`was` holds that as one word for each marked student, such as `12p 13a`: three hundred fields more would say the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from portal.errors import DomainError, lazy
from portal.tracker.models import AttendanceState
from portal.tracker.queries.attendance import Place
from portal.tracker.services.attendance import HeadCount, Sheet

_LETTERS = {state.value[0]: state for state in AttendanceState}
_SEEN = re.compile(rf"([0-9]{{1,10}})([{''.join(_LETTERS)}])", re.ASCII)
_FIELD = re.compile(r"mark-([0-9]{1,10})", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SheetForm:
    """What was sent: the marks, and whether everyone else is present."""

    sheet: Sheet
    fills: bool


def read_sheet(form: MultiDict[str, str]) -> SheetForm:
    """The marks of a form. Raises DomainError for a mark that does not exist."""
    marks = {}
    for name, value in form.items():
        found = _FIELD.fullmatch(name)
        if found:
            marks[int(found[1])] = _state(value)
    was = {int(number): _LETTERS[letter] for number, letter in _SEEN.findall(form.get("was", ""))}
    return SheetForm(Sheet(marks, was), form.get("act") == "all_present")


def read_count(form: MultiDict[str, str]) -> tuple[HeadCount, HeadCount | None]:
    """The head count of a form, and the one that its page was drawn with. Raises DomainError on "there" and "of"."""
    seen = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", form.get("was", ""), re.ASCII)
    count = HeadCount(_number(form, "there"), _number(form, "of"))
    return count, HeadCount(int(seen[1]), int(seen[2])) if seen else None


def seen_text(places: Sequence[Place]) -> str:
    """The value of `was` for a sheet as it stands."""
    return " ".join(f"{place.enrolment_id}{place.state.value[0]}" for place in places if place.state is not None)


def _number(form: MultiDict[str, str], name: str) -> int:
    text = form.get(name, "").strip()
    if not _COUNT.fullmatch(text):
        raise DomainError(lazy("Use a whole number."), name)
    return int(text)


def _state(value: str) -> AttendanceState:
    try:
        return AttendanceState(value)
    except ValueError:
        raise DomainError(lazy("Choose present, late, absent or excused.")) from None
