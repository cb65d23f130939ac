"""How notices of reflections read: in the inbox and in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.config.present import present_settings
from portal.notifications.groups import REFLECTIONS
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.reflections.queries.owed import CLOSING, OPENED, RESULTS, list_still_open
from portal.web.locale import date_long

_PATH = "/reflections/"
_TO_STUDENTS, _TO_STAFF = "reflections", "reflection_results"


@dataclass(frozen=True, slots=True)
class Noticed:
    """What one mail tells of. Its words are made when it is written, in the reader's language."""

    told: Sequence[Params]
    is_out: bool

    @property
    def lines(self) -> Sequence[Line]:
        """A line for each course."""
        return _named(self.told) if self.is_out else _until(self.told)


def init_telling() -> None:
    """Make the kinds known to inbox and mail."""
    write = _l("Go to the reflections")
    register(
        Topic(_TO_STUDENTS, "mail/reflections", _subject, _gather_open),
        Kind(OPENED, _TO_STUDENTS, "open", _PATH, write, _opened, _until, group=REFLECTIONS),
        Kind(CLOSING, _TO_STUDENTS, "late", _PATH, write, _closing, _until, group=REFLECTIONS),
    )
    register(
        Topic(_TO_STAFF, "mail/reflections", _subject, _gather_results),
        Kind(RESULTS, _TO_STAFF, "on_time", _PATH, _l("See the results"), _out, _named, group=REFLECTIONS),
    )


def _gather_open(user_id: int, told: Sequence[Params], now: datetime) -> Noticed | None:
    """What is still to be written, whatever was so when it was told."""
    known = {fact["round_id"] for fact in told}
    today = now.astimezone(present_settings().zone).date()
    rows = [one for one in list_still_open(user_id, today) if one.round_id in known]
    open_now = [{"module": one.course, "closes_on": one.closes_on.isoformat(), "code": one.code} for one in rows]
    return Noticed(open_now, is_out=False) if open_now else None


def _gather_results(_user_id: int, told: Sequence[Params], _now: datetime) -> Noticed | None:
    return Noticed(told, is_out=True) if told else None


def _subject(noticed: Noticed) -> str:
    count = len(noticed.told)
    if noticed.is_out:
        return str(ngettext("Results of a reflection are out", "Results of %(num)s reflections are out", count))
    return str(ngettext("A reflection is open", "%(num)s reflections are open", count))


def _opened(told: Sequence[Params]) -> str:
    return str(ngettext("A reflection is open", "%(num)s reflections are open", len(told)))


def _closing(told: Sequence[Params]) -> str:
    return str(ngettext("A reflection closes soon", "%(num)s reflections close soon", len(told)))


def _out(told: Sequence[Params]) -> str:
    return str(ngettext("Results of a reflection are out", "Results of %(num)s reflections are out", len(told)))


def _until(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(fact["module"], _closes(date.fromisoformat(fact["closes_on"])), fact["code"]) for fact in told]


def _closes(day: date) -> str:
    return str(_("open until %(day)s", day=date_long(day)))


def _named(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(fact["module"], str(_("read what your class said")), fact["code"]) for fact in told]
