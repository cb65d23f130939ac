"""How notices about places in courses read: in the inbox and in mails."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.enrolments.models import EnrolmentStatus
from portal.enrolments.queries import standing_of
from portal.enrolments.services.telling import Told
from portal.notifications.groups import COURSES
from portal.notifications.kinds import Kind, Line, Params, Topic, register

_TOPIC = "enrolments"
_STATES = {Told.ENROLLED: "on_time", Told.WAITLISTED: "open", Told.MOVED_UP: "on_time"}


@dataclass(frozen=True, slots=True)
class Places:
    """What one mail says: a line for each course."""

    lines: Sequence[Line]


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
        }
        return str(said[told])

    return title


def _lines_of(told: Told) -> Callable[[Sequence[Params]], Sequence[Line]]:
    said = {
        Told.ENROLLED: _l("You have a place."),
        Told.WAITLISTED: _l("You move up by yourself when a place becomes free."),
        Told.MOVED_UP: _l("You moved up from the waiting list and have a place."),
    }
    return lambda facts: [Line(fact["module"], str(said[told]), fact["code"]) for fact in facts]


def _subject(places: Places) -> str:
    return str(ngettext("Your place in a course", "Your places in %(num)s courses", len(places.lines)))


def _gather(user_id: int, facts: Sequence[Params], _now: datetime) -> Places | None:
    """Where they stand when the mail is written; courses that they have left since are not mentioned."""
    standing = standing_of(user_id, {fact["offering_id"] for fact in facts})
    words = {
        EnrolmentStatus.ACTIVE: _("You have a place."),
        EnrolmentStatus.WAITLISTED: _("You are on the waiting list and move up by yourself when a place becomes free."),
    }
    courses = {fact["offering_id"]: fact for fact in facts}
    lines = [
        Line(fact["module"], words[standing[offering_id]], fact["code"])
        for offering_id, fact in courses.items()
        if standing.get(offering_id) in words
    ]
    return Places(lines) if lines else None
