"""How a course shall stand from now on, as its form has it."""

from collections.abc import Collection

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.allocations.models import OfferingStatus
from portal.allocations.services.assignment import MAX_REASON
from portal.allocations.words import status_name
from portal.web.forms import PortalForm, VersionField


class StandingForm(PortalForm):
    """How a course stands from now on, and why."""

    status = RadioField(_l("From now on it is"), [InputRequired(_l("Choose a status."))])
    reason = StringField(_l("Reason"), [Length(max=MAX_REASON)])
    version = VersionField(validators=[InputRequired(_l("Choose a status."))])

    def offer(self, possible: Collection[OfferingStatus]) -> None:
        """Fill in what can be chosen."""
        self.status.choices = [SelectChoice(one.value, status_name(one)) for one in OfferingStatus if one in possible]
