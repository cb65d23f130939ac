"""How it reads that a course is somebody's now, is not any more, or has changed: in the inbox and in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.allocations.models import OfferingStatus
from portal.allocations.queries.allocated import AllocatedCourse, find_allocated
from portal.allocations.services.telling import CHANGED, GIVEN, TAKEN, stands_as
from portal.notifications.groups import ALLOCATIONS
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.web.locale import date_long

_TOPIC, _PAGE = "allocations", "/tracker/"


@dataclass(frozen=True, slots=True)
class Changed:
    """What a mail says: the courses that are somebody's now, those that are not any more, and those that differ."""

    given: Sequence[Line]
    taken: Sequence[Line]
    changed: Sequence[Line] = ()

    @property
    def parts(self) -> Sequence[tuple[Any, Sequence[Line]]]:
        """The headings with what stands under them; without words where there is one alone."""
        headed = ((_l("Yours from now on"), self.given), (_l("Not yours any more"), self.taken),
                  (_l("Changed"), self.changed))  # fmt: skip
        found = [(heading, lines) for heading, lines in headed if lines]
        return found if len(found) > 1 else [("", lines) for _heading, lines in found]


def init_telling_words() -> None:
    """Make the kinds known to inbox and mail."""
    deed = _l("Go to this week")
    register(
        Topic(_TOPIC, "mail/allocations", _subject, _gather),
        Kind(GIVEN, _TOPIC, "open", _PAGE, deed, _given, _lines, group=ALLOCATIONS),
        Kind(TAKEN, _TOPIC, "excused", _PAGE, deed, _taken, _lines, group=ALLOCATIONS),
        Kind(CHANGED, _TOPIC, "open", _PAGE, deed, _changed, _lines_of_changes, group=ALLOCATIONS),
    )


def _gather(user_id: int, told: Sequence[Params], _now: datetime) -> Changed | None:
    """What is different from before the first of these facts: moved and moved back is no news."""
    first: dict[int, Params] = {}
    before: dict[int, Params] = {}
    for fact in told:
        (first if "given" in fact else before).setdefault(int(fact["offering_id"]), fact)
    courses = find_allocated(first.keys() | before.keys())
    theirs = {number for number, course in courses.items() if course.user_id == user_id}
    given = [fact for number, fact in first.items() if fact["given"] and number in theirs]
    taken = [fact for number, fact in first.items() if not fact["given"] and number not in theirs]
    new = {fact["offering_id"] for fact in given}
    changed = [
        _now_of(fact, courses[number])
        for number, fact in before.items()
        if number in theirs - new and not stands_as(courses[number], fact["before"])
    ]
    found = Changed(_lines(given), _lines(taken), _lines_of_changes(changed))
    return found if found.parts else None


def _now_of(fact: Params, course: AllocatedCourse) -> Params:
    """A fact whose course may have changed once more since."""
    days = {"start_date": course.start_date.isoformat(), "end_date": course.end_date.isoformat()}
    is_cancelled = course.status is OfferingStatus.CANCELLED
    reason = fact["reason"] if is_cancelled == fact["after"]["cancelled"] else ""
    return {**fact, **days, "after": {**days, "cancelled": is_cancelled}, "reason": reason}


def _subject(changed: Changed) -> str:
    counts = len(changed.given), len(changed.taken), len(changed.changed)
    if counts[1:] == (0, 0):
        return str(ngettext("A new course for you", "%(num)s new courses for you", counts[0]))
    if (counts[0], counts[2]) == (0, 0):
        return str(ngettext("A course is not yours any more", "%(num)s courses are not yours any more", counts[1]))
    if counts[:2] == (0, 0):
        return str(ngettext("A course of yours has changed", "%(num)s of your courses have changed", counts[2]))
    return str(_("Your courses have changed"))


def _given(told: Sequence[Params]) -> str:
    return str(ngettext("A new course for you", "%(num)s new courses for you", len(told)))


def _taken(told: Sequence[Params]) -> str:
    return str(ngettext("A course is not yours any more", "%(num)s courses are not yours any more", len(told)))


def _changed(told: Sequence[Params]) -> str:
    return str(ngettext("A course of yours has changed", "%(num)s of your courses have changed", len(told)))


def _lines_of_changes(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(_named(fact), _difference(fact), fact["code"]) for fact in told]


def _difference(fact: Params) -> str:
    """What is other than before, in sentences."""
    before, after, said = fact["before"], fact["after"], []
    if after["cancelled"] != before["cancelled"]:
        said.append(_("It is cancelled.") if after["cancelled"] else _("It takes place after all."))
        said.append(fact["reason"])
    if not after["cancelled"] and _days(after) != _days(before):
        first, last = _first_and_last(before)
        said.append(_("%(days)s, instead of %(first)s to %(last)s", days=_days(after), first=first, last=last))
    return " ".join(filter(None, map(str, said)))


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(_named(fact), _days(fact), fact["code"]) for fact in told]


def _named(fact: Params) -> str:
    return f"{fact['module']} · {fact['class']}" if fact["class"] else str(fact["module"])


def _days(fact: Params) -> str:
    first, last = _first_and_last(fact)
    return str(_("From %(first)s to %(last)s", first=first, last=last))


def _first_and_last(fact: Params) -> tuple[str, str]:
    first, last = (date_long(date.fromisoformat(fact[name])) for name in ("start_date", "end_date"))
    return first, last
