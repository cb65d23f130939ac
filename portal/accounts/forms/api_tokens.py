"""The form of a personal token."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.accounts.scope_words import label_of
from portal.accounts.services.api_tokens import MAX_NAME, scopes_for
from portal.folding import one_line
from portal.roles import Role
from portal.web.forms import PortalForm

_NEEDED = _l("This is needed.")
_LASTS = (("30", _l("30 days")), ("90", _l("90 days")), ("365", _l("One year")), ("", _l("Until it is revoked")))


class TokenForm(PortalForm):
    """What a token is for, what it may do, and for how long."""

    name = StringField(_l("What it is for"), [InputRequired(_NEEDED), Length(max=MAX_NAME)], [one_line])
    lasts = SelectField(_l("Good for"), choices=[SelectChoice(value, text) for value, text in _LASTS], default="90")
    scopes = SelectMultipleField(
        _l("What it may do"), choices=[],
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip

    @classmethod
    def of(cls, roles: frozenset[Role], sent: Mapping[str, str] | None = None) -> "TokenForm":
        """The form for somebody of these roles, with what was sent or empty."""
        form = cls(sent)
        form.scopes.choices = [SelectChoice(scope, label_of(scope)) for scope in scopes_for(roles)]
        return form
