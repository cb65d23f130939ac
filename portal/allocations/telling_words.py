"""How it reads that a course is somebody's now, or is not any more: in the inbox and in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.allocations.queries.allocated import find_allocated
from portal.allocations.services.telling import GIVEN, TAKEN
from portal.notifications.groups import ALLOCATIONS
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.web.locale import date_long

_TOPIC, _PAGE = "allocations", "/tracker/"


@dataclass(frozen=True, slots=True)
class Changed:
    """What a mail says: the courses that are somebody's now, and those that are not any more."""

    given: Sequence[Line]
    taken: Sequence[Line]


def init_telling_words() -> None:
    """Make the kinds known to inbox and mail."""
    deed = _l("Go to this week")
    register(
        Topic(_TOPIC, "mail/allocations", _subject, _gather),
        Kind(GIVEN, _TOPIC, "open", _PAGE, deed, _given, _lines, group=ALLOCATIONS),
        Kind(TAKEN, _TOPIC, "excused", _PAGE, deed, _taken, _lines, group=ALLOCATIONS),
    )


def _gather(user_id: int, told: Sequence[Params], _now: datetime) -> Changed | None:
    """What is different from before the first of these facts: given and taken again is no news."""
    first: dict[int, Params] = {}
    for fact in told:
        first.setdefault(int(fact["offering_id"]), fact)
    courses = find_allocated(first)
    is_theirs = {number: number in courses and courses[number].user_id == user_id for number in first}
    given = [fact for number, fact in first.items() if fact["given"] and is_theirs[number]]
    taken = [fact for number, fact in first.items() if not fact["given"] and not is_theirs[number]]
    return Changed(_lines(given), _lines(taken)) if given or taken else None


def _subject(changed: Changed) -> str:
    if not changed.taken:
        return str(ngettext("A new course for you", "%(num)s new courses for you", len(changed.given)))
    if not changed.given:
        return str(ngettext("A course is not yours any more", "%(num)s courses are not yours any more",
                            len(changed.taken)))  # fmt: skip
    return str(_("Your courses have changed"))


def _given(told: Sequence[Params]) -> str:
    return str(ngettext("A new course for you", "%(num)s new courses for you", len(told)))


def _taken(told: Sequence[Params]) -> str:
    return str(ngettext("A course is not yours any more", "%(num)s courses are not yours any more", len(told)))


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(_named(fact), _days(fact), fact["code"]) for fact in told]


def _named(fact: Params) -> str:
    return f"{fact['module']} · {fact['class']}" if fact["class"] else str(fact["module"])


def _days(fact: Params) -> str:
    first, last = (date_long(date.fromisoformat(fact[name])) for name in ("start_date", "end_date"))
    return str(_("From %(first)s to %(last)s", first=first, last=last))
