"""What the pages of reflections say of forms, windows and moments."""

from datetime import datetime
from typing import Any

from flask import Flask
from flask_babel import format_datetime, ngettext, to_user_timezone
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import clock
from portal.reflections.models import Anchor, FormMode, FormState
from portal.reflections.queries.questions import Question
from portal.web.locale import worded

MODES: dict[FormMode, Any] = {
    FormMode.ANONYMOUS: _l("Anonymous"),
    FormMode.CONFIDENTIAL: _l("Confidential"),
    FormMode.NAMED: _l("With names"),
}
STATES: dict[FormState, Any] = {
    FormState.DRAFT: _l("Draft"),
    FormState.PUBLISHED: _l("Published"),
    FormState.REPLACED: _l("Replaced"),
    FormState.RETIRED: _l("No longer used"),
}


def init_words(app: Flask) -> None:
    """Give the templates their filters."""
    app.jinja_env.filters.update(
        saved_when=saved_when, form_mode=lambda mode: MODES[mode], form_state=lambda state: STATES[state]
    )
    app.jinja_env.globals.update(window_words=window_words, minutes_for=minutes_for)


def saved_when(moment: datetime) -> str:
    """14:05, à 14:05; on another day with the day before it. It follows "Saved"."""
    here, today = to_user_timezone(moment), to_user_timezone(clock.now())
    pattern = "HH:mm" if here.date() == today.date() else "d MMMM HH:mm"
    return str(format_datetime(moment, worded(pattern, here, says_when=True)))


def minutes_for(questions: list[Question]) -> int:
    """About how many minutes answering takes: half a one for a number, two for a text."""
    return max(1, round(sum(0.5 if question.is_scale else 2 for question in questions)))


def window_words(anchor: Anchor, opens: int, closes: int) -> str:
    """From 14 days before the end of the course to 7 days after it."""
    return str(_("%(first)s – %(last)s", first=_day(anchor, opens), last=_day(anchor, closes)))


def _day(anchor: Anchor, days: int) -> str:
    if anchor is Anchor.END:
        if days == 0:
            return str(_("last day of the course"))
        if days < 0:
            return str(ngettext("%(num)s day before its end", "%(num)s days before its end", -days))
        return str(ngettext("%(num)s day after its end", "%(num)s days after its end", days))
    if days == 0:
        return str(_("middle of the course"))
    if days < 0:
        return str(ngettext("%(num)s day before its middle", "%(num)s days before its middle", -days))
    return str(ngettext("%(num)s day after its middle", "%(num)s days after its middle", days))
