"""Reads of the teaching calendar."""

from sqlalchemy import select

from portal.catalogue.calendar import Break
from portal.catalogue.models import CalendarBreak
from portal.extensions import db

_BREAKS = select(CalendarBreak.start_date, CalendarBreak.end_date).order_by(CalendarBreak.start_date)


def list_breaks() -> tuple[Break, ...]:
    """All breaks of the teaching calendar, oldest first. One statement."""
    return tuple(Break(start, end) for start, end in db.session.execute(_BREAKS))
