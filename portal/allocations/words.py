"""Words of course offerings in the reader's language."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from flask import Flask
from flask_babel import format_date, format_decimal, format_time, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.allocations.models import OfferingStatus
from portal.catalogue.words import mode_name
from portal.web.locale import worded

_STATUSES: Mapping[OfferingStatus, Any] = {
    OfferingStatus.PLANNED: _l("Planned"),
    OfferingStatus.ACTIVE: _l("Active"),
    OfferingStatus.COMPLETED: _l("Completed"),
    OfferingStatus.CANCELLED: _l("Cancelled"),
}


def status_name(status: OfferingStatus) -> str:
    """The word for a status."""
    return str(_STATUSES[status])


# What the history calls the fields of a course.
_FIELDS: Mapping[str, Any] = {
    "facilitator_id": _l("Facilitator"),
    "module_id": _l("Module"),
    "class_id": _l("Class"),
    "cohort_id": _l("Cohort"),
    "mode_id": _l("Mode"),
    "academic_year": _l("Academic year"),
    "trimester": _l("Trimester"),
    "intake_period": _l("Intake"),
    "start_date": _l("First day"),
    "end_date": _l("Last day"),
    "max_students": _l("Places"),
    "title": _l("Title"),
    "summary": _l("Summary"),
    "status": _l("Status"),
    "meeting": _l("Weekly meeting"),
    "minutes": _l("Hours of work"),
}
_DAYS = frozenset({"start_date", "end_date"})
# A summary may be long: the history shows how it begins.
_MOST_SHOWN = 160


def init_words(app: Flask) -> None:
    """Give templates the filters `course_field`, `course_value`, `weekday`, `time_of_day` and `hours`."""
    app.jinja_env.filters.update(
        course_field=field_name,
        course_value=value_shown,
        weekday=weekday_name,
        time_of_day=time_of_day,
        hours=hours,
    )


def field_name(field: str) -> str:
    """What the history calls a field; the field itself where it has no word."""
    return str(_FIELDS.get(field, field))


def value_shown(text: str, field: str) -> str:
    """A value out of the history in the reader's words."""
    if field == "status" and text in list(OfferingStatus):
        return status_name(OfferingStatus(text))
    if field == "mode_id":
        return mode_name(text)
    if field == "meeting" and text:
        weekday, span, *room = text.split(" ", 2)
        starts, ends = (time_of_day(time.fromisoformat(part)) for part in span.split("-"))
        where = f", {room[0]}" if room else ""
        return (
            str(_("%(day)s %(begins)s to %(ends)s", day=weekday_name(int(weekday)), begins=starts, ends=ends)) + where
        )
    if field == "minutes" and text.isdecimal():
        return hours(int(text))
    if field in _DAYS and text:
        day = date.fromisoformat(text)
        return str(format_date(day, worded("d MMM y", day)))
    return f"{text[:_MOST_SHOWN]}…" if len(text) > _MOST_SHOWN else text


def weekday_name(number: int) -> str:
    """The name of a day of the week, 1 for Monday."""
    locale = get_locale()
    return str(locale.days["stand-alone"]["wide"][number - 1]).capitalize() if locale else str(number)


def time_of_day(moment: time) -> str:
    """A local time of day without seconds, as the reader writes it."""
    return str(format_time(moment, "short", rebase=False))


def hours(minutes: int) -> str:
    """Minutes as hours in the reader's figures, with at most one decimal."""
    return str(format_decimal(round(minutes / 60, 1)))
