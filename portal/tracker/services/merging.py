"""Bringing together what someone wants of a log and what it holds by now: pure, and never an overwrite."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from portal.errors import DomainError, NotFound, lazy
from portal.tracker.models import NOTES_LIMIT, ItemStatus
from portal.tracker.queries.rows import Item, Log


@dataclass(frozen=True, slots=True)
class Edit:
    """What someone wants of a log, beside what they saw when they wanted it.

    `statuses` and `was` are by item key; `notes` is None where notes are not meant; `notes_was` is a
    `fingerprint`. What they saw of a field may be missing; then the log's version decides. `unasked` are keys of
    items that may be answered although the week does not expect them.
    """

    version: int = 0
    statuses: Mapping[str, ItemStatus] = field(default_factory=dict)
    was: Mapping[str, ItemStatus] = field(default_factory=dict)
    notes: str | None = None
    notes_was: str | None = None
    unasked: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Clashes:
    """What was not written because someone changed the same meanwhile: their statuses by key, and their notes."""

    statuses: Mapping[str, ItemStatus] = field(default_factory=dict)
    notes: str | None = None

    def __bool__(self) -> bool:
        return bool(self.statuses) or self.notes is not None


@dataclass(frozen=True, slots=True)
class Merge:
    """What of an edit is to be written, and what clashes."""

    statuses: Mapping[str, ItemStatus]
    notes: str | None
    clashes: Clashes

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written."""
        return not self.statuses and self.notes is None


def fingerprint(notes: str) -> str:
    """Twelve characters that tell whether notes are still those that a page was drawn with."""
    return hashlib.sha256(notes.encode("utf-8", "replace")).hexdigest()[:12]


def merge(log: Log, edit: Edit) -> Merge:
    """What of the edit still fits the log: a field is written when it holds what the person saw.

    Raises NotFound for an item that does not exist, DomainError for one that the week does not expect
    and for notes that are too long.
    """
    statuses: dict[str, ItemStatus] = {}
    clashes: dict[str, ItemStatus] = {}
    for key, wish in edit.statuses.items():
        item = find_item(log, key, edit.unasked)
        if item.current is not wish:
            (statuses if _was_seen(item, edit, log) else clashes)[key] = wish
    notes, lost_notes = unsaved_notes(log, edit)
    check_notes(notes or "")
    return Merge(statuses, notes, Clashes(clashes, lost_notes))


def find_item(log: Log, key: str, unasked: Collection[str] = ()) -> Item:
    """The item of this key, if the week expects it, somebody has answered it, or it is among `unasked`."""
    item = next((item for item in log.all_items if item.key == key), None)
    if item is None:
        raise NotFound(lazy("There is no such checklist item: %(key)s.", key=key[:40]))
    if not item.shown and key not in unasked:
        raise DomainError(
            lazy("This item is not expected in week %(week)s. Nothing was changed.", week=log.week_number), field=key
        )
    return item


def check_notes(notes: str) -> None:
    """Raise DomainError when notes are too long."""
    if len(notes) > NOTES_LIMIT:
        raise DomainError(
            lazy(
                "Notes hold %(limit)s characters; these are %(count)s. Shorten them and save again.",
                limit=NOTES_LIMIT,
                count=len(notes),
            ),
            field="notes",
        )


def _was_seen(item: Item, edit: Edit, log: Log) -> bool:
    seen = edit.was.get(item.key)
    return edit.version == log.version if seen is None else seen is item.current


def unsaved_notes(log: Log, edit: Edit) -> tuple[str | None, str | None]:
    """Typed notes that the log does not hold: those that may be saved, or those that clash; one of them or neither."""
    if edit.notes is None or edit.notes == log.notes:
        return None, None
    seen = edit.version == log.version if edit.notes_was is None else edit.notes_was == fingerprint(log.notes)
    return (edit.notes, None) if seen else (None, edit.notes)
