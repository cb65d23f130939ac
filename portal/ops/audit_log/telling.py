"""Events in the reader's language: who, what was done to what, and field by field what was and what is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import get_locale

from portal.ops.audit_log.queries import EventRow
from portal.ops.audit_log.things import Named, Thing, item_labels, name_things, references
from portal.ops.audit_log.words import action_in_words, entity_in_words, field_in_words, value_in_words

_LOGS = "activity_trackers"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field: what it is called, what it was and what it is; empty for nothing."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event in the reader's language: the deed, the kind of thing and what it is called, and each field."""

    row: EventRow
    action: str
    kind: str
    thing: Thing | None
    fields: tuple[FieldChange, ...]


def tell(rows: Sequence[EventRow], besides: Sequence[tuple[str, int]] = ()) -> tuple[list[Event], Named]:
    """Events in words, and the names of all things in them and of some `besides`. One statement for each kind."""
    wanted = [(row.entity, row.entity_id) for row in rows] + list(besides)
    pairs = [(field, value) for row in rows for field, values in row.changes.items() for value in values]
    wanted += [found for field, value in pairs for found in references(field, value)]
    names = name_things(wanted)
    labels = item_labels() if any(row.entity == _LOGS for row in rows) else {}
    at = 1 if str(get_locale()).startswith("fr") else 0
    items = {key: label[at] for key, label in labels.items()}
    return [_event(row, names, items) for row in rows], names


def _event(row: EventRow, names: Named, items: dict[str, str]) -> Event:
    fields = tuple(
        FieldChange(
            items.get(field) or field_in_words(field),
            _value(field, before, names, field in items),
            _value(field, after, names, field in items),
        )
        for field, (before, after) in row.changes.items()
    )
    thing = names.get((row.entity, row.entity_id))
    return Event(row, action_in_words(row.action), entity_in_words(row.entity), thing, fields)


def _value(field: str, value: Any, names: Named, is_item: bool) -> str:
    """A value in words: ids as the names of what they mean, if it is still there."""
    meant = references(field, value)
    if meant:
        return ", ".join(names[one].name if one in names else f"#{one[1]}" for one in meant)
    return value_in_words("item" if is_item else field, value)
