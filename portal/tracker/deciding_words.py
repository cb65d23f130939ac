"""How decisions about weekly logs read: in the inbox and in mails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.notifications.groups import DECISIONS
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.tracker.services.telling import Decision
from portal.web.locale import datetime_long

_PAGE = "/tracker/"
_DEED = _l("Go to this week")
_STATES = {
    Decision.EXCUSED: "excused",
    Decision.EXPECTED: "open",
    Decision.EXTENDED: "open",
    Decision.REOPENED: "open",
    Decision.KEPT_CLOSED: "on_time",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One decision as a mail says it: which week of which course, what was decided, and why."""

    course: str
    code: str | None
    said: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decided:
    """All decisions that one mail tells."""

    weeks: Sequence[Told]


def init_decisions() -> None:
    """Make the kinds known to inbox and mail."""
    topic = Topic("log_decisions", "mail/log_decisions", _subject, _gather)
    register(
        topic,
        *(
            Kind(decision, topic.name, _STATES[decision], _PAGE, _DEED, _title_of(decision), _lines, group=DECISIONS)
            for decision in Decision
        ),
    )


def said_of(fact: Params) -> str:
    """What was decided about one week, in a few words."""
    week, when = fact["week"], datetime_long(datetime.fromisoformat(fact["due_at"]))
    kind = fact.get("decision")
    if kind == Decision.EXCUSED:
        return str(_("Week %(week)s is excused", week=week))
    if kind == Decision.EXPECTED:
        return str(_("Week %(week)s is owed again, due %(when)s", week=week, when=when))
    if kind == Decision.EXTENDED:
        return str(_("Week %(week)s has more time, until %(when)s", week=week, when=when))
    if kind == Decision.REOPENED:
        return str(_("Week %(week)s is open again, until %(when)s", week=week, when=when))
    return str(_("Week %(week)s stays closed", week=week))


def _subject(decided: Decided) -> str:
    count = len(decided.weeks)
    return str(ngettext("%(num)s decision about your weekly logs", "%(num)s decisions about your weekly logs", count))


def _gather(_user_id: int, told: Sequence[Params], _now: datetime) -> Decided | None:
    """The last word on each week: what was decided before it, holds no more."""
    last: dict[int, Params] = {}
    for fact in told:
        last.pop(fact["log_id"], None)
        last[fact["log_id"]] = fact
    weeks = [Told(fact["module"], fact["code"], said_of(fact), fact["reason"]) for fact in last.values()]
    return Decided(weeks) if weeks else None


def _title_of(decision: Decision) -> Callable[[Sequence[Params]], str]:
    def title(told: Sequence[Params]) -> str:
        count = len(told)
        said: dict[Decision, Any] = {
            Decision.EXCUSED: ngettext("%(num)s week is excused", "%(num)s weeks are excused", count),
            Decision.EXPECTED: ngettext("%(num)s week is owed again", "%(num)s weeks are owed again", count),
            Decision.EXTENDED: ngettext("%(num)s week has more time", "%(num)s weeks have more time", count),
            Decision.REOPENED: ngettext("%(num)s week is open again", "%(num)s weeks are open again", count),
            Decision.KEPT_CLOSED: ngettext("%(num)s week stays closed", "%(num)s weeks stay closed", count),
        }
        return str(said[decision])

    return title


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(fact["module"], f"{said_of(fact)}. {fact['reason']}", fact["code"]) for fact in told]
