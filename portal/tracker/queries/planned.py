"""Courses whose weekly logs depend on a mode or on some days."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from portal.allocations.models import CourseOffering
from portal.extensions import db


def offerings_in_mode(mode_id: int) -> Sequence[int]:
    """The ids of all courses in a mode. One statement."""
    wanted = select(CourseOffering.id).where(CourseOffering.mode_id == mode_id)
    return list(db.session.scalars(wanted.order_by(CourseOffering.id)))


def offerings_between(first: date, last: date) -> Sequence[int]:
    """The ids of all courses of which a day lies between these two. One statement."""
    wanted = select(CourseOffering.id).where(CourseOffering.start_date <= last, CourseOffering.end_date >= first)
    return list(db.session.scalars(wanted.order_by(CourseOffering.id)))
