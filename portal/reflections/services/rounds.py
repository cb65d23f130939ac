"""Opening reflections: each course gets the forms whose days have come, in the version of that day."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.bulk import in_chunks
from portal.extensions import db
from portal.reflections.models import Anchor, FormState, ReflectionForm, ReflectionParticipation, ReflectionRound

_RUNNING = (OfferingStatus.ACTIVE, OfferingStatus.COMPLETED)
# No window is further from its course than this, in days.
FURTHEST = 120


def window_of(form: ReflectionForm, start: date, end: date) -> tuple[date, date]:
    """First and last day on which a course of these dates answers a form."""
    anchor = end if form.anchor is Anchor.END else start + (end - start) // 2
    return anchor + timedelta(days=form.opens_days), anchor + timedelta(days=form.closes_days)


def open_rounds(today: date) -> int:
    """Give every course the published forms whose window holds this day, and give how many that were.

    Running it again opens nothing. Two statements, and one for each 500 that open.
    """
    rows = [row for form in _published() for row in _due(form, today)]
    for part in in_chunks(rows):
        try:
            with db.session.begin_nested():
                db.session.execute(insert(ReflectionRound), part)
        except IntegrityError:  # another worker opens the same ones just now
            return 0
    return len(rows)


def _published() -> Sequence[ReflectionForm]:
    return db.session.scalars(select(ReflectionForm).where(ReflectionForm.state == FormState.PUBLISHED)).all()


def _due(form: ReflectionForm, today: date) -> list[dict[str, Any]]:
    near = timedelta(days=FURTHEST)
    answered = select(ReflectionRound.id).where(
        ReflectionRound.offering_id == CourseOffering.id, ReflectionRound.series_id == form.series_id
    )
    courses = db.session.execute(
        select(CourseOffering.id, CourseOffering.start_date, CourseOffering.end_date).where(
            CourseOffering.status.in_(_RUNNING),
            CourseOffering.end_date >= today - near,
            CourseOffering.start_date <= today + near,
            ~answered.exists(),
        )
    )
    found = []
    for course in courses:
        opens, closes = window_of(form, course.start_date, course.end_date)
        if opens <= today <= closes:
            found.append(
                {"form_id": form.id, "series_id": form.series_id, "offering_id": course.id, "opens_on": opens,
                 "closes_on": closes}
            )  # fmt: skip
    return found


def follow_courses(offering_ids: Iterable[int]) -> None:
    """Move the windows of rounds that are not over with the dates of their courses; within the change's transaction."""
    today = clock.now().date()
    for part in in_chunks(offering_ids):
        rows = db.session.execute(
            select(ReflectionRound, ReflectionForm, CourseOffering.start_date, CourseOffering.end_date)
            .join(ReflectionForm, ReflectionForm.id == ReflectionRound.form_id)
            .join(CourseOffering, CourseOffering.id == ReflectionRound.offering_id)
            .where(
                ReflectionRound.offering_id.in_(part),
                ReflectionRound.released_on.is_(None),
                ReflectionRound.closes_on >= today,
            )
        )
        for found, form, start, end in rows.all():
            opens, closes = window_of(form, start, end)
            # What has been opened is not taken back, and what has closed never opens again.
            found.opens_on, found.closes_on = min(opens, today), max(closes, today)
    db.session.flush()


def find_with_rounds(offering_ids: Iterable[int]) -> set[int]:
    """Which of these courses somebody has answered for. One statement for each 500."""
    found: set[int] = set()
    for part in in_chunks(offering_ids):
        answered = select(ReflectionRound.offering_id).join(
            ReflectionParticipation, ReflectionParticipation.round_id == ReflectionRound.id
        )
        found |= set(db.session.scalars(answered.where(ReflectionRound.offering_id.in_(part)).distinct()))
    return found


def set_windows(form: ReflectionForm) -> None:
    """Move the windows of a form's rounds that are not over, after its days were changed."""
    ids = db.session.scalars(select(ReflectionRound.offering_id).where(ReflectionRound.form_id == form.id)).all()
    follow_courses(ids)
