"""Why someone cannot leave, or become a student, yet.

Packages above accounts say so: they register what they look at in their `init_app`.
"""

from collections.abc import Callable
from typing import Any

# Given a user's id, what stands against it in words that can be translated; None when nothing does.
Object = Callable[[int], Any | None]

_objections: dict[str, Object] = {}


def register(name: str, find: Object) -> None:
    """Have something looked at before someone leaves or becomes a student; doing so again changes nothing."""
    _objections[name] = find


def list_objections(user_id: int) -> list[Any]:
    """All that stands against it now."""
    return [words for find in _objections.values() if (words := find(user_id)) is not None]
