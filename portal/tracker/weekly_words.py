"""How the week in numbers reads to managers: in the inbox and in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.notifications.groups import COMPLIANCE
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.tracker.services.weekly import WEEKLY
from portal.web.locale import date_long

_PAGE = "/compliance/"


@dataclass(frozen=True, slots=True)
class InNumbers:
    """What a mail says: the Monday of the week, and how its weekly logs stood."""

    week_start: date
    on_time: int
    late: int
    missing: int
    excused: int

    @property
    def percent(self) -> int:
        """On time, of those whose time is over."""
        return round(100 * self.on_time / max(1, self.on_time + self.late + self.missing))


def init_weekly_words() -> None:
    """Make the kind known to inbox and mail."""
    register(
        Topic(WEEKLY, "mail/weekly_numbers", _subject, _gather),
        Kind(WEEKLY, WEEKLY, "on_time", _PAGE, _l("Go to compliance"), _title, _lines, group=COMPLIANCE),
    )


def _gather(_user_id: int, told: Sequence[Params], _now: datetime) -> InNumbers | None:
    return _numbers(told[-1]) if told else None


def _numbers(fact: Params) -> InNumbers:
    counts = [int(fact[name]) for name in ("on_time", "late", "missing", "excused")]
    return InNumbers(date.fromisoformat(str(fact["week_start"])), *counts)


def _subject(found: InNumbers) -> str:
    return str(
        _("%(percent)s %% on time in the week of %(day)s", percent=found.percent, day=date_long(found.week_start))
    )


def _title(told: Sequence[Params]) -> str:
    return _subject(_numbers(told[-1]))


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    found = _numbers(told[-1])
    said = _(
        "%(on_time)s on time, %(late)s late, %(missing)s missing, %(excused)s excused",
        on_time=found.on_time, late=found.late, missing=found.missing, excused=found.excused,
    )  # fmt: skip
    return [Line(str(_("Weekly logs")), str(said))]
