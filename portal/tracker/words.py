"""Dates of a week in the reader's words."""

from datetime import date, datetime, timedelta

from babel.dates import format_timedelta
from flask import Flask
from flask_babel import format_date, format_datetime, get_locale, to_user_timezone
from flask_babel import lazy_gettext as _l

from portal import clock
from portal.catalogue.words import mode_name
from portal.tracker.queries import Course, Item, Log
from portal.tracker.services import fingerprint
from portal.tracker.states import LogState
from portal.web.locale import worded

_STATES = {
    LogState.ON_TIME: _l("On time"),
    LogState.LATE: _l("Late"),
    LogState.MISSING: _l("Missing"),
    LogState.OPEN: _l("Open"),
    LogState.NOT_DUE: _l("Not due"),
    LogState.EXCUSED: _l("Excused"),
}


def init_words(app: Flask) -> None:
    """Give templates the filters that are named here."""
    app.jinja_env.filters.update(
        weekday_time=weekday_time,
        clock_time=clock_time,
        distance=distance,
        item_label=item_label,
        about=about,
        fingerprint=fingerprint,
        month_name=month_name,
    )


def weekday_time(moment: datetime) -> str:
    """Monday 17:00; with the date when that Monday is not the next one."""
    here = to_user_timezone(moment)
    ahead = here.date() - to_user_timezone(clock.now()).date()
    return str(format_datetime(moment, worded("EEEE HH:mm" if ahead.days < 7 else "EEEE d MMMM HH:mm", here)))


def clock_time(moment: datetime) -> str:
    """14:05 today, Friday 14:05 in the last days, 6 November 14:05 before."""
    here = to_user_timezone(moment)
    age = to_user_timezone(clock.now()).date() - here.date()
    pattern = "HH:mm" if not age.days else "EEEE HH:mm" if 0 < age.days < 7 else "d MMMM HH:mm"
    return str(format_datetime(moment, worded(pattern, here, says_when=True)))


def distance(moment: datetime) -> str:
    """In 3 days, 4 days ago: whole days by the reader's calendar, hours and minutes on the day itself."""
    now = clock.now()
    days = (to_user_timezone(moment).date() - to_user_timezone(now).date()).days
    if days:
        return str(format_timedelta(timedelta(days=days), "day", threshold=2, add_direction=True, locale=get_locale()))
    return str(format_timedelta(moment - now, "minute", threshold=1, add_direction=True, locale=get_locale()))


def item_label(item: Item) -> str:
    """An item's label in the reader's language."""
    return item.label_fr if str(get_locale()).startswith("fr") else item.label_en


def state_word(state: LogState) -> str:
    """A state in a word."""
    return str(_STATES[state])


def month_name(day: date, columns: int) -> str:
    """The month of a day: in full where it has the room of two columns, else shortened."""
    return str(format_date(day, "MMMM" if columns > 1 else "MMM"))


def about(what: Course | Log) -> str:
    """Module code, class and mode of a course, or of a log's course, in one line."""
    return " · ".join(part for part in (what.code, what.class_name, what.mode and mode_name(what.mode)) if part)
