"""Two people at one course: its form brought together with how the course stands now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from portal.allocations.forms.course import NAMES, CourseForm, form_of
from portal.merging import Clash, merge_fields

_FIELDS = {name: field for field, name in NAMES.items()}


@dataclass(frozen=True, slots=True)
class Merge:
    """A form that was sent, brought together with how the course stands now.

    `form` holds what was typed, and what somebody else wrote where nothing was typed. `now` is how the course stands;
    `untouched` are its fields that keep that; `clashes` are for a person to decide.
    """

    form: CourseForm
    now: Mapping[str, str]
    untouched: frozenset[str]
    clashes: Sequence[Clash]
    others: Sequence[str]


def merge(sent: MultiDict[str, str], now: Mapping[str, str], modes: Sequence[str], *, is_open: bool) -> Merge:
    """Bring a form together with the course as it stands, field by field.

    `was-NAME` holds what the form showed when it was opened; `take-NAME` = "theirs" is the answer to a clash.
    """
    typed = form_of(sent, modes, now["mode"]).typed()
    was = {name: _same_lines(sent.get(f"was-{name}", now[name])) for name in now}
    merged = merge_fields(typed, was, now, {name: sent.get(f"take-{name}", "") for name in now})
    untouched = frozenset(_FIELDS[name] for name in now if merged.values[name] == now[name])
    form = form_of(merged.values, modes, now["mode"], is_open=is_open)
    return Merge(form, now, untouched, merged.clashes, merged.others)


def _same_lines(text: str) -> str:
    """A text as it was shown: a browser sends every new line as two signs."""
    return text.replace("\r\n", "\n").strip()
