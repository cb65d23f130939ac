"""How reminders of weekly logs read: in the inbox, and as the subject of a mail."""

from collections.abc import Sequence
from itertools import pairwise

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.notifications.groups import OVERDUE, REMINDERS
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.tracker.ladder import DUE, MISSING, TODAY
from portal.tracker.queries.told import NUDGE
from portal.tracker.services.reminders import CourseWeeks, Owed, courses_told, what_is_owed
from portal.web.locale import datetime_long

_PAGE = "/tracker/"
_DEED = _l("Go to this week")


def init_reminders(app: Flask) -> None:
    """Make the reminders known to inbox and mail, and give templates the filter `weeks`."""
    app.jinja_env.filters["weeks"] = weeks_in_words
    register(
        Topic("weekly_logs", "mail/weekly_logs", subject, what_is_owed),
        Kind(MISSING, "weekly_logs", "missing", _PAGE, _DEED, _missing, _lines, group=OVERDUE),
        Kind(TODAY, "weekly_logs", "open", _PAGE, _DEED, _today, _lines, group=REMINDERS),
        Kind(DUE, "weekly_logs", "open", _PAGE, _DEED, _due, _lines, group=REMINDERS),
        Kind(NUDGE, "weekly_logs", "missing", _PAGE, _DEED, _nudged, _lines, group=OVERDUE),
    )


def subject(owed: Owed) -> str:
    """3 weekly logs to submit."""
    return str(ngettext("%(num)s weekly log to submit", "%(num)s weekly logs to submit", owed.count))


def weeks_in_words(weeks: Sequence[int]) -> str:
    """Week 5; Weeks 1–4, 6."""
    return str(ngettext("Week %(weeks)s", "Weeks %(weeks)s", len(weeks), weeks=ranges(weeks)))


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers with runs of three and more drawn together: 1–4, 6, 7."""
    if not numbers:
        return ""
    runs = [[numbers[0]]]
    for before, number in pairwise(numbers):
        if number == before + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    short = 2
    return ", ".join(
        f"{run[0]}–{run[-1]}" if len(run) > short else ", ".join(str(number) for number in run) for run in runs
    )


def _missing(told: Sequence[Params]) -> str:
    return str(ngettext("%(num)s weekly log is missing", "%(num)s weekly logs are missing", len(told)))


def _due(told: Sequence[Params]) -> str:
    return str(ngettext("%(num)s weekly log is due soon", "%(num)s weekly logs are due soon", len(told)))


def _today(told: Sequence[Params]) -> str:
    return str(
        ngettext("%(num)s weekly log reaches its deadline", "%(num)s weekly logs reach their deadline", len(told))
    )


def _nudged(told: Sequence[Params]) -> str:
    return str(
        ngettext("Your manager asks for %(num)s weekly log", "Your manager asks for %(num)s weekly logs", len(told))
    )


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(_named(course), _detail(course), course.code) for course in courses_told(told)]


def _named(course: CourseWeeks) -> str:
    return f"{course.course} · {course.class_name}" if course.class_name else course.course


def _detail(course: CourseWeeks) -> str:
    weeks, when = weeks_in_words(course.weeks), datetime_long(course.first_due)
    if len(course.weeks) == 1:
        return str(_("%(weeks)s, deadline %(when)s", weeks=weeks, when=when))
    return str(_("%(weeks)s, first deadline %(when)s", weeks=weeks, when=when))
