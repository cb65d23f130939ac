"""Telling students that a lesson is there: once for each lesson, however often it is taken back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select, update

from portal.accounts.models import Student
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db
from portal.learning.models import Lesson
from portal.notifications.services import Fact, notify_many

PUBLISHED = "lesson_published"
_AT_ONCE = 200


def announce_due(now: datetime) -> int:
    """Tell of lessons whose moment has come; gives how many there were, at most 200."""
    due = select(Lesson.id).where(Lesson.announced_at.is_(None), Lesson.published_at <= now)
    ids = list(db.session.scalars(due.order_by(Lesson.published_at).limit(_AT_ONCE)))
    announce(ids, now)
    return len(ids)


def announce(lesson_ids: Sequence[int], now: datetime) -> None:
    """Tell everyone who studies these lessons' courses of those that are published and were not told of."""
    fresh = (Lesson.id.in_(lesson_ids), Lesson.announced_at.is_(None), Lesson.published_at <= now)
    untold = list(db.session.scalars(select(Lesson.id).where(*fresh).with_for_update()))
    if not untold:
        return
    told = update(Lesson).where(Lesson.id.in_(untold)).values(announced_at=now)
    db.session.execute(told.execution_options(synchronize_session="fetch"))
    rows = db.session.execute(
        select(Student.user_id, Lesson.id, Lesson.title, Lesson.offering_id, CourseOffering.title, Module.name)
        .join(Enrolment, Enrolment.student_id == Student.id)
        .join(Lesson, Lesson.offering_id == Enrolment.offering_id)
        .join(CourseOffering, CourseOffering.id == Lesson.offering_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .where(Lesson.id.in_(untold), Enrolment.status == EnrolmentStatus.ACTIVE)
        .where(CourseOffering.status.in_((OfferingStatus.PLANNED, OfferingStatus.ACTIVE)))
    )
    # That nobody is told twice follows from the lesson; the key only tells this time from that of a lesson which had
    # the same number before it was deleted.
    time = uuid4().hex[:12]
    facts = [
        Fact(
            user_id,
            PUBLISHED,
            {"lesson_id": lesson_id, "lesson": title, "offering_id": course, "course": own or module or ""},
            f"{PUBLISHED}:{time}:{lesson_id}:{user_id}",
        )
        for user_id, lesson_id, title, course, own, module in rows
    ]
    if facts:
        notify_many(facts)
