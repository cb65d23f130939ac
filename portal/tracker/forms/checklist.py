"""A checklist item as its form sends it."""

from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.folding import one_line
from portal.tracker.queries.checklist import KeptItem
from portal.tracker.services.checklist import LAST_WEEK, LONGEST_LABEL, ItemDraft
from portal.web.forms import PortalForm, VersionField

_TOO_LONG = _l("At most %(most)s characters.", most=LONGEST_LABEL)
_MISSING = _l("Both languages are needed: people read the portal in theirs.")
_WEEKS = NumberRange(1, LAST_WEEK, _l("Use a number from %(least)s to %(most)s.", least=1, most=LAST_WEEK))


class ItemForm(PortalForm):
    """Words in both languages, and from which week to which it is expected."""

    label_en = StringField(_l("In English"), [InputRequired(_MISSING), Length(max=LONGEST_LABEL, message=_TOO_LONG)])
    label_fr = StringField(_l("In French"), [InputRequired(_MISSING), Length(max=LONGEST_LABEL, message=_TOO_LONG)])
    from_week = IntegerField(_l("From week"), [InputRequired(_l("Use a whole number.")), _WEEKS])
    to_week = IntegerField(_l("To week"), [Optional(), _WEEKS])
    version = VersionField(validators=[Optional()])

    @classmethod
    def of(cls, item: KeptItem | None, data: MultiDict[str, str] | None = None) -> "ItemForm":
        """The form as it was sent, else with what the item holds."""
        values: dict[str, Any] = {"from_week": 1, "version": 0}
        if item is not None:
            values = {name: getattr(item, name) for name in ("label_en", "label_fr", "from_week", "to_week", "version")}
        return cls(data, data=values)

    def draft(self) -> ItemDraft:
        """The item as it is wanted."""
        return ItemDraft(
            one_line(self.label_en.data), one_line(self.label_fr.data), self.from_week.data, self.to_week.data
        )
