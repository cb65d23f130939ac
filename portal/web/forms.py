"""What the forms of every feature are made of."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField

from portal.errors import DomainError
from portal.folding import LARGEST_NUMBER

# Fields that nobody sees: what a page was drawn with.
_HIDDEN = frozenset({"seen", "version"})


class VersionField(IntegerField):
    """The version that whoever changes something saw; 0, which is stale, for one that no column holds."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was sent."""
        super().process_formdata(valuelist)
        if not 0 <= (self.data or 0) <= LARGEST_NUMBER:
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
