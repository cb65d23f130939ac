"""How leave reads: in the inbox and in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.notifications.groups import DECISIONS
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.tracker.services.leaves import ENDED, ENTERED, STANDING_IN
from portal.web.locale import date_long

_PAGE = "/tracker/"
_DEED = _l("Go to this week")


@dataclass(frozen=True, slots=True)
class Told:
    """All that one mail says about leave, in sentences."""

    lines: Sequence[str]


def init_leave_words() -> None:
    """Make the kinds known to inbox and mail."""
    topic = Topic("leave", "mail/leave", _subject, _gather)
    titles = {
        ENTERED: ("excused", lambda _told: str(_("Your leave is entered"))),
        ENDED: ("open", lambda _told: str(_("A leave was taken back"))),
        STANDING_IN: ("open", lambda _told: str(_("You stand in"))),
    }
    for name, (state, title) in titles.items():
        register(topic, Kind(name, topic.name, state, _PAGE, _DEED, title, _lines, group=DECISIONS))


def said_of(fact: Params) -> str:
    """What a leave means for who is told of it."""
    first, last = (date_long(date.fromisoformat(fact[name])) for name in ("first_day", "last_day"))
    weeks: int = fact["weeks"]
    if fact.get("is_over"):
        return str(_("The leave from %(first)s to %(last)s was taken back", first=first, last=last))
    if not weeks:
        return str(_("From %(first)s to %(last)s; no weekly log falls into these days", first=first, last=last))
    if fact["stands_in"]:
        said = ngettext(
            "%(num)s weekly log falls to you, from %(first)s to %(last)s",
            "%(num)s weekly logs fall to you, from %(first)s to %(last)s",
            weeks, first=first, last=last,
        )  # fmt: skip
    elif fact["is_excused"]:
        said = ngettext(
            "%(num)s weekly log is excused, from %(first)s to %(last)s",
            "%(num)s weekly logs are excused, from %(first)s to %(last)s",
            weeks, first=first, last=last,
        )  # fmt: skip
    else:
        said = ngettext(
            "%(num)s weekly log falls to whoever stands in for you, from %(first)s to %(last)s",
            "%(num)s weekly logs fall to whoever stands in for you, from %(first)s to %(last)s",
            weeks, first=first, last=last,
        )  # fmt: skip
    return str(said)


def _subject(_told: Told) -> str:
    return str(_("Leave and your weekly logs"))


def _gather(_user_id: int, told: Sequence[Params], _now: datetime) -> Told | None:
    return Told([said_of(fact) for fact in told]) if told else None


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(said_of(fact), "") for fact in told]
