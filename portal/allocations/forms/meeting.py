"""A weekly meeting as its form has it."""

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.allocations.services.meetings import MAX_ROOM, MeetingDraft
from portal.folding import one_line
from portal.web.forms import PortalForm

_NEEDED = _l("Enter a time.")


def weekday_choices() -> list[SelectChoice]:
    """Monday to Sunday, in the reader's language."""
    locale = get_locale()
    names = locale.days["stand-alone"]["wide"] if locale else {}
    return [SelectChoice(str(n), names.get(n - 1, str(n)).capitalize()) for n in range(1, 8)]


class MeetingForm(PortalForm):
    """On which day, from when to when, and where."""

    weekday = SelectField(_l("Day"), [InputRequired()])
    starts_at = TimeField(_l("Begins at"), [InputRequired(_NEEDED)])
    ends_at = TimeField(_l("Ends at"), [InputRequired(_NEEDED)])
    room = StringField(_l("Room"), [Length(max=MAX_ROOM)])

    def __init__(self, sent: MultiDict[str, str] | None) -> None:
        super().__init__(sent)
        self.weekday.choices = weekday_choices()

    def read(self) -> MeetingDraft | None:
        """What it means; None when fields have errors, which then stand at them."""
        if not self.validate():
            return None
        room = one_line(self.room.data)
        return MeetingDraft(int(self.weekday.data), self.starts_at.data, self.ends_at.data, room)
