"""What can go wrong in the words of the domain; the edges translate it into pages and JSON.

Services raise these with a message marked by `lazy`, which is translated only when an edge
shows it, in the reader's language.
"""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as lazy
from flask_babel import lazy_ngettext as lazy_plural

__all__ = ["Conflict", "DomainError", "NotAllowed", "NotFound", "lazy", "lazy_plural"]


class DomainError(Exception):
    """A rule was not kept. `message` is translatable; `field` names the input at fault, if one is."""

    status = 422

    def __init__(self, message: Any, field: str | None = None, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.facts = dict(facts or {})

    def __str__(self) -> str:
        return str(self.message)


class Conflict(DomainError):
    """Someone else was here first: a stale version, a duplicate, a locked thing. `facts` say what stands now."""

    status = 409


class NotAllowed(DomainError):
    """The person may not do this."""

    status = 403


class NotFound(DomainError):
    """There is no such thing, or it is not theirs to see."""

    status = 404
