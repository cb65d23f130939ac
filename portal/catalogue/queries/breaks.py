"""Reads of the teaching calendar."""

from sqlalchemy import select

from portal.catalogue.calendar import Break
from portal.catalogue.models import CalendarBreak
from portal.extensions import db


def list_breaks() -> tuple[Break, ...]:
    """All breaks of the teaching calendar, oldest first. One statement."""
    rows = db.session.execute(
        select(CalendarBreak.start_date, CalendarBreak.end_date).order_by(CalendarBreak.start_date)
    )
    return tuple(Break(start, end) for start, end in rows)
