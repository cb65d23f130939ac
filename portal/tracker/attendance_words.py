"""How notices of low attendance read: in the inbox and in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.notifications.groups import ATTENDANCE
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.tracker.queries.attendance import names_of
from portal.tracker.services.low_attendance import TO_FACILITATOR, TO_STUDENT

_TOPIC = "attendance"
_HOME, _THIS_WEEK = "/", "/tracker/"


@dataclass(frozen=True, slots=True)
class Noticed:
    """What one mail says: a line for each course of the reader's own, and for each student and course they teach."""

    own: Sequence[Line]
    others: Sequence[Line]

    @property
    def lines(self) -> Sequence[Line]:
        """All lines, the reader's own first."""
        return [*self.own, *self.others]

    @property
    def path(self) -> str:
        """Where its reader does something about it."""
        return _THIS_WEEK if self.others else _HOME


def init_attendance_words() -> None:
    """Make the kinds known to inbox and mail."""
    register(
        Topic(_TOPIC, "mail/attendance", _subject, _gather),
        Kind(TO_STUDENT, _TOPIC, "late", _HOME, _l("Go to the portal"), _own_title, _own_lines, group=ATTENDANCE),
        Kind(TO_FACILITATOR, _TOPIC, "late", _THIS_WEEK, _l("Go to this week"), _title, _lines, group=ATTENDANCE),
    )


def _subject(noticed: Noticed) -> str:
    if not noticed.others:
        return _own_title(noticed.own)
    return str(_("Attendance is low")) if noticed.own else _title(noticed.others)


def _gather(user_id: int, told: Sequence[Params], _now: datetime) -> Noticed | None:
    own = [fact for fact in told if fact.get("is_own")]
    others = [fact for fact in told if not fact.get("is_own")]
    return Noticed(_own_lines(own), _lines(others)) if told else None


def _own_title(told: Sequence[object]) -> str:
    return str(ngettext("Your attendance is low", "Your attendance is low in %(num)s courses", len(told)))


def _title(told: Sequence[object]) -> str:
    return str(
        ngettext("The attendance of %(num)s student is low", "The attendance of %(num)s students is low", len(told))
    )


def _own_lines(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(fact["module"], _rate(fact), fact["code"]) for fact in told]


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    # Names are read when they are shown: a notice that kept one would still say it when the account is gone.
    names = names_of([fact["enrolment_id"] for fact in told])
    lines = []
    for fact in told:
        said = _("%(name)s: %(said)s", name=names.get(fact["enrolment_id"], "–"), said=_rate(fact))
        lines.append(Line(fact["module"], str(said), fact["code"]))
    return lines


def _rate(fact: Params) -> str:
    return str(
        _("there in %(rate)s %% of the weeks, the limit is %(limit)s %%", rate=fact["rate"], limit=fact["limit"])
    )
