"""What the forms of every feature are made of."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField

from portal.errors import DomainError

# Fields that nobody sees: what a page was drawn with.
_HIDDEN = frozenset({"seen", "version"})


_LARGEST = 2**31 - 1


def small_number(text: str) -> int:
    """A number that was sent and that nobody types, such as a version or an id; 0, which is no such, for all else.

    A larger one fits no column, and some databases fail at it.
    """
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(_LARGEST)) else 0
    return number if number <= _LARGEST else 0


class VersionField(IntegerField):
    """The version that a page was drawn with; 0, which is stale, for a number that fits no column."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was sent."""
        super().process_formdata(valuelist)
        if self.data is not None and not 0 <= self.data <= _LARGEST:
            self.data = 0


class PortalForm(FlaskForm):
    """A form, read from what was sent or from an address."""

    class Meta:
        """Without a token of its own: that of a request that writes is checked before its view."""

        csrf = False

    # Where a rule's message stands that is about no field of the form; the first field unless said otherwise.
    main_field = ""

    def show(self, error: DomainError) -> None:
        """Put what a rule says at the field that it is about, else at the main one."""
        name = error.field or ""
        shown = name in self._fields and name not in _HIDDEN
        self.put_error(name if shown else self.main_field or next(iter(self._fields)), error)

    def put_error(self, name: str, message: object) -> None:
        """Put a message at a field, after those that stand there."""
        field = self[name]
        field.errors = [*field.errors, str(message)]
