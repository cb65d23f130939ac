"""Reads that put several features on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, literal, select, union_all

from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.catalogue.calendar import Break
from portal.catalogue.models import CalendarBreak
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class Term:
    """The dates that most running courses share, and the breaks within them."""

    trimester: int
    start: date
    end: date
    breaks: Sequence[Break]


def find_running_term(today: date) -> Term | None:
    """The term in which a day lies, by the courses that run on it; None when none does. One statement."""
    running = (
        select(CourseOffering.trimester, CourseOffering.start_date, CourseOffering.end_date)
        .where(
            CourseOffering.status.in_((OfferingStatus.ACTIVE, OfferingStatus.PLANNED)),
            CourseOffering.kind == OfferingKind.COHORT,
            CourseOffering.start_date <= today,
            CourseOffering.end_date >= today,
        )
        .group_by(CourseOffering.trimester, CourseOffering.start_date, CourseOffering.end_date)
        .order_by(func.count().desc(), CourseOffering.start_date, CourseOffering.end_date)
        .limit(1)
        .subquery()
    )
    # Breaks come in the same statement, with 0 for the trimester.
    pauses = select(literal(0), CalendarBreak.start_date, CalendarBreak.end_date)
    rows = db.session.execute(union_all(select(running), pauses)).all()
    breaks = [Break(start, end) for trimester, start, end in rows if trimester == 0]
    terms = [Term(trimester, start, end, breaks) for trimester, start, end in rows if trimester]
    return terms[0] if terms else None
