"""What a personal token may do, in words: pages show these, programs read the names of the scopes."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

_GROUPS: Mapping[str, Any] = {
    "profile": _l("Your profile"),
    "catalogue": _l("Catalogue"),
    "courses": _l("Courses and enrolments"),
    "lessons": _l("Lessons"),
    "logs": _l("Weekly logs"),
    "notifications": _l("Notifications"),
    "people": _l("People"),
    "reflections": _l("Reflections"),
    "webhooks": _l("Webhooks"),
}
_DEEDS: Mapping[str, Any] = {
    "read": _l("%(what)s: read"),
    "write": _l("%(what)s: write"),
}


def label_of(scope: str) -> str:
    """A scope as something to tick: "Weekly logs: write"."""
    group, _colon, deed = scope.partition(":")
    return str(_DEEDS.get(deed, deed)) % {"what": _GROUPS.get(group, group)}


def labels_of(scopes: Sequence[str]) -> list[str]:
    """Scopes as they stand in a list, each group once: "Weekly logs: read and write"."""
    groups: dict[str, list[str]] = {}
    for scope in scopes:
        groups.setdefault(scope.partition(":")[0], []).append(scope)
    return [
        label_of(of[0]) if len(of) == 1 else _("%(what)s: read and write", what=_GROUPS.get(group, group))
        for group, of in groups.items()
    ]
