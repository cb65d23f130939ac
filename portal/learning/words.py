"""How lessons read: sizes of files, and what students are told in the inbox and in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from portal.learning.queries.lessons import published_among
from portal.learning.services.announcing import PUBLISHED
from portal.notifications.groups import COURSES
from portal.notifications.kinds import Kind, Line, Params, Topic, register

_KILO = 1024


@dataclass(frozen=True, slots=True)
class NewLesson:
    """A lesson that a mail tells of: its title, its course, and its path."""

    title: str
    course: str
    path: str


def init_lesson_words(app: Flask) -> None:
    """Make the filters known to templates, and the kind to inbox and mail."""
    app.jinja_env.filters.update(file_size=file_size, as_html=_as_html)
    topic = Topic("lessons", "mail/lessons", _subject, _gather)
    register(topic, Kind(PUBLISHED, topic.name, "open", "/", _l("Go to my courses"), _title, _lines, group=COURSES))


def file_size(size: int) -> str:
    """How large a file is: 340 kB, 4.2 MB, 12 GB."""
    if size < _KILO * _KILO:
        return str(_("%(size)s kB", size=format_decimal(max(1, round(size / _KILO)))))
    if size < _KILO**3:
        return str(_("%(size)s MB", size=format_decimal(round(size / _KILO**2, 1))))
    return str(_("%(size)s GB", size=format_decimal(round(size / _KILO**3, 1))))


def _as_html(made: str) -> Markup:
    """What learning/markdown.py made, which is clean by then, as it is."""
    return Markup(made)  # noqa: S704 (cleaned by nh3)


def _subject(told: Sequence[NewLesson]) -> str:
    if len(told) == 1:
        return str(_("New lesson: %(title)s", title=told[0].title))
    return str(_title(told))


def _title(told: Sequence[object]) -> str:
    return str(ngettext("%(num)s new lesson", "%(num)s new lessons", len(told)))


def _gather(_user_id: int, told: Sequence[Params], now: datetime) -> Sequence[NewLesson] | None:
    """The lessons that are still published."""
    there = published_among([fact["lesson_id"] for fact in told], now)
    return [
        NewLesson(fact["lesson"], fact["course"], f"/courses/{fact['offering_id']}/lessons/{fact['lesson_id']}")
        for fact in told
        if fact["lesson_id"] in there
    ] or None


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(fact["lesson"], fact["course"]) for fact in told]
