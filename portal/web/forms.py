"""What the forms of every feature are made of."""

from flask_wtf import FlaskForm

from portal.errors import DomainError

# Fields that nobody sees: what a page was drawn with.
_HIDDEN = frozenset({"seen", "version"})


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
