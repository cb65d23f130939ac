"""Leave as its form has it."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.allocations.forms.bulk import person_meant
from portal.allocations.forms.listing import clean
from portal.errors import DomainError
from portal.folding import one_line
from portal.tracker.services.leaves import LONGEST_REASON, LeaveDraft
from portal.web.forms import PortalForm

_TOO_LONG = _l("At most %(most)s characters.", most=LONGEST_REASON)


class LeaveForm(PortalForm):
    """Who is away, from when to when, who stands in, and why."""

    main_field = "reason"

    facilitator = StringField(
        _l("Who is on leave?"), [DataRequired(_l("Type a name or an employee ID.")), Length(max=200)]
    )
    first_day = DateField(_l("First day"), [InputRequired(_l("Choose a day."))])
    last_day = DateField(_l("Last day"), [InputRequired(_l("Choose a day."))])
    substitute = StringField(_l("Who stands in?"), [Length(max=200)])
    reason = TextAreaField(_l("Reason"), [Length(max=LONGEST_REASON, message=_TOO_LONG)])

    def draft(self) -> LeaveDraft | None:
        """What is to be entered; None when somebody cannot be found, which then stands at their field."""
        person, other = self._person("facilitator"), self._person("substitute")
        if person is None or self.errors:
            return None
        return LeaveDraft(person, self.first_day.data, self.last_day.data, other, one_line(self.reason.data))

    def _person(self, name: str) -> int | None:
        text = clean(self[name].data)
        if not text:
            return None
        try:
            return person_meant(text)
        except DomainError as error:
            self.put_error(name, error)
            return None
