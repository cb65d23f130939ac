"""How weeks that stay missing read to managers: in the inbox and in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.notifications.groups import ALERTS
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.tracker.ladder import ALERT, ESCALATED, base_of
from portal.tracker.queries.alerts import MissingCourse, list_still_missing
from portal.tracker.reminding import weeks_in_words

_PAGE = "/compliance/logs?state=missing"
_DEED = _l("See what is missing")
# A mail names so many courses, and says how many weeks there are besides.
MOST_COURSES = 30


@dataclass(frozen=True, slots=True)
class StillMissing:
    """What a mail says: the first courses with their weeks, how many weeks in all, and whether to the head."""

    courses: Sequence[MissingCourse]
    weeks: int
    to_head: bool
    address: str = _PAGE

    @property
    def more(self) -> int:
        """How many weeks are not listed."""
        return self.weeks - sum(len(course.weeks) for course in self.courses)


def init_alert_words() -> None:
    """Make the kinds known to inbox and mail."""
    # One topic: a head who is a manager too reads of each week once.
    topic = Topic("missing_weeks", "mail/missing_weeks", _subject, _gather)
    for kind, title in ((ALERT, _title), (ESCALATED, _escalated)):
        register(topic, Kind(kind, topic.name, "missing", _PAGE, _DEED, title, _lines, group=ALERTS))


def _subject(found: StillMissing) -> str:
    return str(ngettext("%(num)s week stays missing", "%(num)s weeks stay missing", found.weeks))


def _gather(_user_id: int, told: Sequence[Params], _now: datetime) -> StillMissing | None:
    """What is missing still of all that was told; None when every week was handed in, excused or given more time."""
    alerts = {(str(fact["stage"]), datetime.fromisoformat(fact["told_at"])) for fact in told}
    limits = [fact["departments"] for fact in told]
    departments = None if None in limits else {number for limit in limits for number in limit}
    courses, weeks = list_still_missing(alerts, departments, MOST_COURSES)
    to_head = any(base_of(fact["stage"]) == ESCALATED for fact in told)
    return StillMissing(courses, weeks, to_head) if weeks else None


def _title(told: Sequence[Params]) -> str:
    return str(ngettext("%(num)s week stays missing", "%(num)s weeks stay missing", _weeks(told)))


def _escalated(told: Sequence[Params]) -> str:
    return str(
        ngettext(
            "%(num)s week is missing in spite of all reminders",
            "%(num)s weeks are missing in spite of all reminders",
            _weeks(told),
        )
    )


def _weeks(told: Sequence[Params]) -> int:
    return sum(int(fact["weeks"]) for fact in told)


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    found = [
        Line(_named(course), weeks_in_words(course["weeks"]), course["code"])
        for fact in told
        for course in fact["courses"]
    ]
    more = sum(int(fact["more"]) for fact in told)
    if more:
        found.append(Line(str(ngettext("and %(num)s course more", "and %(num)s courses more", more)), ""))
    return found


def _named(course: Params) -> str:
    return f"{course['module']} · {course['class']}" if course["class"] else str(course["module"])
