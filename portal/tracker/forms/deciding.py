"""What a manager decides about a week, and what who submitted it wishes, as their forms have it."""

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import DateField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.catalogue.calendar import Rules, deadline_on
from portal.errors import DomainError
from portal.folding import one_line
from portal.tracker.queries import Log
from portal.tracker.services.deciding import LONGEST_REASON, Ruling
from portal.tracker.states import LogState
from portal.web.forms import PortalForm, VersionField

# Those that set a new deadline.
TIMED = frozenset({"extend", "reopen"})
# Beyond, the institution's clock may have no such moment; no deadline is moved there anyway.
_DAYS = (date(1970, 1, 1), date(9000, 1, 1))
_TOO_LONG = _l("At most %(most)s characters.", most=LONGEST_REASON)


def decisions_on(log: Log) -> Sequence[str]:
    """What can be decided about a week as it stands, the likeliest first."""
    if log.is_cancelled:
        return ()
    if log.is_submitted:
        return ("reopen", "keep-closed") if log.reopen_asked_at else ("reopen",)
    return ("expect",) if log.state is LogState.EXCUSED else ("extend", "excuse")


class DecisionForm(PortalForm):
    """A decision about a week: why, the version that was seen, and where it is asked for until which day."""

    main_field = "reason"

    until = DateField(_l("Until"), [Optional()])
    reason = TextAreaField(_l("Reason"), [Length(max=LONGEST_REASON, message=_TOO_LONG)])
    version = VersionField(validators=[InputRequired()])

    @classmethod
    def of(cls, act: str, data: MultiDict[str, str] | None = None) -> "DecisionForm":
        """The form of one decision; its fields have ids of their own, since several stand on a page."""
        form = cls(data)
        for field in form:
            field.id = field.label.field_id = f"{act}-{field.name}"
        return form

    def ruling(self) -> Ruling:
        """The reason in one line, and the version."""
        return Ruling(one_line(self.reason.data), self.version.data)

    def moment(self, rules: Rules) -> datetime:
        """The moment of the day that was chosen: at the hour of all deadlines. Raises DomainError without a day."""
        if self.until.data is None:
            raise DomainError(_l("Choose a day."), "until")
        return deadline_on(min(max(self.until.data, _DAYS[0]), _DAYS[1]), rules)


class WishForm(PortalForm):
    """Why a submitted week should be opened again."""

    reason = TextAreaField(_l("What do you want to change?"), [Length(max=LONGEST_REASON, message=_TOO_LONG)])
