"""Dates of a week in the reader's words."""

from datetime import datetime, timedelta

from babel.dates import format_timedelta
from flask import Flask
from flask_babel import format_datetime, get_locale, to_user_timezone

from portal import clock
from portal.tracker.queries import Item
from portal.tracker.services import fingerprint


def init_words(app: Flask) -> None:
    """Give templates the filters `weekday_time`, `clock_time`, `distance`, `item_label` and `fingerprint`."""
    app.jinja_env.filters.update(
        weekday_time=weekday_time,
        clock_time=clock_time,
        distance=distance,
        item_label=item_label,
        fingerprint=fingerprint,
    )


def weekday_time(moment: datetime) -> str:
    """Monday 17:00; with the date when that Monday is not the next one."""
    ahead = to_user_timezone(moment).date() - to_user_timezone(clock.now()).date()
    return str(format_datetime(moment, "EEEE HH:mm" if ahead.days < 7 else "EEEE d MMMM HH:mm"))


def clock_time(moment: datetime) -> str:
    """14:05 today, Friday 14:05 in the last days, 6 November 14:05 before."""
    age = to_user_timezone(clock.now()).date() - to_user_timezone(moment).date()
    pattern = "HH:mm" if not age.days else "EEEE HH:mm" if 0 < age.days < 7 else "d MMMM HH:mm"
    return str(format_datetime(moment, pattern))


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
