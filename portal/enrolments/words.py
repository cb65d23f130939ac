"""How notices about places in courses read: in the inbox and in mails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.enrolments.models import EnrolmentStatus
from portal.enrolments.queries import find_cancelled, standing_of
from portal.enrolments.services.telling import Told
from portal.notifications.groups import COURSES
from portal.notifications.kinds import Kind, Line, Params, Topic, register

_TOPIC = "enrolments"
_STATES = {
    Told.ENROLLED: "on_time",
    Told.WAITLISTED: "open",
    Told.MOVED_UP: "on_time",
    Told.CANCELLED: "excused",
    Told.TAKES_PLACE: "on_time",
}


@dataclass(frozen=True, slots=True)
class Places:
    """What one mail says: a line for each course; how many of these courses are `cancelled`."""

    lines: Sequence[Line]
    cancelled: int = 0


def init_words() -> None:
    """Make the kinds known to inbox and mail."""
    deed = _l("Go to my courses")
    kinds = [
        Kind(told, _TOPIC, _STATES[told], "/courses/", deed, _title_of(told), _lines_of(told), group=COURSES)
        for told in Told
    ]
    register(Topic(_TOPIC, "mail/enrolments", _subject, _gather), *kinds)


def _title_of(told: Told) -> Callable[[Sequence[Params]], str]:
    def title(facts: Sequence[Params]) -> str:
        count = len(facts)
        said: dict[Told, Any] = {
            Told.ENROLLED: ngettext(
                "You were enrolled on %(num)s course", "You were enrolled on %(num)s courses", count
            ),
            Told.WAITLISTED: ngettext(
                "You are on the waiting list of %(num)s course",
                "You are on the waiting lists of %(num)s courses",
                count,
            ),
            Told.MOVED_UP: ngettext(
                "A place became free: you are on %(num)s course",
                "Places became free: you are on %(num)s courses",
                count,
            ),
            Told.CANCELLED: ngettext("A course of yours is cancelled", "%(num)s of your courses are cancelled", count),
            Told.TAKES_PLACE: ngettext(
                "A course of yours takes place after all", "%(num)s of your courses take place after all", count
            ),
        }
        return str(said[told])

    return title


def _lines_of(told: Told) -> Callable[[Sequence[Params]], Sequence[Line]]:
    said = {
        Told.ENROLLED: _l("You have a place."),
        Told.WAITLISTED: _l("You move up automatically when a place becomes free."),
        Told.MOVED_UP: _l("You moved up from the waiting list and have a place."),
        Told.CANCELLED: _l("It is cancelled."),
        Told.TAKES_PLACE: _l("It takes place after all."),
    }
    return lambda facts: [Line(fact["module"], _with_reason(str(said[told]), fact), fact["code"]) for fact in facts]


def _with_reason(said: str, fact: Params) -> str:
    return f"{said} {fact.get('reason') or ''}".strip()


def _subject(places: Places) -> str:
    if places.cancelled == len(places.lines):
        return str(
            ngettext("A course of yours is cancelled", "%(num)s of your courses are cancelled", places.cancelled)
        )
    return str(ngettext("Your place in a course", "Your places in %(num)s courses", len(places.lines)))


def _gather(user_id: int, facts: Sequence[Params], _now: datetime) -> Places | None:
    """Where they stand when the mail is written; courses that they have left since are not mentioned.

    Nor is a course that was cancelled and brought back before they heard of it.
    """
    by_course: dict[int, list[Params]] = {}
    for fact in facts:
        by_course.setdefault(int(fact["offering_id"]), []).append(fact)
    standing, cancelled = standing_of(user_id, by_course), find_cancelled(by_course)
    words = {
        EnrolmentStatus.ACTIVE: _("You have a place."),
        EnrolmentStatus.WAITLISTED: _(
            "You are on the waiting list and move up automatically when a place becomes free."
        ),
    }
    found: dict[int, Line] = {}
    for number, told in by_course.items():
        if standing.get(number) in words:
            said = _cancelled(told) if number in cancelled else _held(told, words[standing[number]])
            if said:
                found[number] = Line(told[0]["module"], said, told[0]["code"])
    return Places(list(found.values()), len(cancelled & found.keys())) if found else None


def _cancelled(told: Sequence[Params]) -> str:
    """That a course is cancelled; nothing when they never heard that it takes place."""
    reasons = [fact for fact in told if fact.get("told") == Told.CANCELLED]
    return _with_reason(_("It is cancelled."), reasons[-1]) if reasons else ""


def _held(told: Sequence[Params], standing: str) -> str:
    """How they stand on a course that takes place."""
    kinds = [fact.get("told") for fact in told]
    if None in kinds:  # a place was given
        return standing
    return f"{_('It takes place after all.')} {standing}" if kinds[0] == Told.TAKES_PLACE else ""
