"""What a person sent of a week, read into plain values; the fields are named after the checklist's keys.

`item-<key>` holds a status and `was-<key>` the one that the page was drawn with; `mine-<key>` is a status that
clashed and waits for a decision, as `notes_wait` tells of the notes; `notes`, `notes_was` and `version` belong to
the log.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from portal.errors import DomainError, lazy
from portal.folding import whole_number
from portal.tracker.models import ItemStatus
from portal.tracker.services import Edit, fingerprint

_ACTS = {"save", "submit", "all_done", "same_as_last_week", "use", "keep"}
_LINE_ENDS = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class LogForm:
    """The whole form of a week: the button that was pressed (`field` is what "use" and "keep" are about),
    what is wanted, and clashes that wait for a decision: statuses, and whether the typed notes are one.
    """

    act: str
    field: str | None
    edit: Edit
    mine: Mapping[str, ItemStatus]
    notes_wait: bool

    def filled(self, statuses: Mapping[str, ItemStatus]) -> Edit:
        """The edit of "All done" and "Same as last week": these statuses, and the notes as they are typed."""
        return replace(self.edit, statuses=statuses)

    def decided(self) -> Edit:
        """The edit after "Use mine" or "Keep what is there" for one field; what clashes elsewhere waits."""
        waits = self.act == "keep" if self.field == "notes" else self.notes_wait
        chosen = {key: status for key, status in self.mine.items() if self.act == "use" and key == self.field}
        return replace(self.edit, statuses=chosen, notes=None if waits else self.edit.notes)

    def waiting_notes(self) -> str | None:
        """Typed notes that clash and are not what this button decides about."""
        decides = self.act not in {"use", "keep"} or self.field == "notes"
        return self.edit.notes if self.notes_wait and not decides else None

    def waiting(self) -> dict[str, ItemStatus]:
        """Clashes that are not decided by this button."""
        return {key: status for key, status in self.mine.items() if key != self.field}


def read_log_form(form: MultiDict[str, str]) -> LogForm:
    """The form of a week. Raises DomainError for a status or a button that does not exist."""
    act, _, field = form.get("act", "save").partition(":")
    if act not in _ACTS:
        raise DomainError(lazy("There is no such button. Nothing was changed."))
    edit = _read_edit(form, _statuses(form, "item-"))
    return LogForm(act, field or None, edit, _statuses(form, "mine-"), "notes_wait" in form)


def read_item_form(form: MultiDict[str, str], key: str) -> Edit:
    """One switch: its status as `status`, or as `item-<key>` when the form of the whole week sends it.

    Notes that are typed in that form come along, so that they can be shown again; a switch does not save them.
    """
    wish = form.get("status", form.get(f"item-{key}"))
    return replace(_read_edit(form, {}), statuses={key: _status(wish, key)})


def _read_edit(form: MultiDict[str, str], statuses: Mapping[str, ItemStatus]) -> Edit:
    was = _statuses(form, "was-")
    notes = _clean(form["notes"]) if "notes" in form else None
    notes_was = form.get("notes_was")
    return Edit(
        version=whole_number(form.get("version")) or 0,
        # A switch that stands where it stood asks for nothing.
        statuses={key: status for key, status in statuses.items() if was.get(key) is not status},
        was=was,
        # So do notes that nobody touched, whatever others wrote into them meanwhile.
        notes=None if notes is None or fingerprint(notes) == notes_was else notes,
        notes_was=notes_was,
    )


def _statuses(form: MultiDict[str, str], prefix: str) -> dict[str, ItemStatus]:
    return {
        name.removeprefix(prefix): _status(value, name.removeprefix(prefix))
        for name, value in form.items()
        if name.startswith(prefix)
    }


def _status(value: str | None, key: str) -> ItemStatus:
    try:
        return ItemStatus(value or "")
    except ValueError:
        raise DomainError(lazy("Choose Not started, Pending or Done."), field=key) from None


def _clean(text: str) -> str:
    """Notes as they are kept: line ends as one character, as the browser counted them, and nothing unprintable."""
    lines = _LINE_ENDS.sub("\n", text).rstrip()
    return "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs"})
