"""Reflections as a student sees their own: which there are, and what they have written so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from portal.accounts.models import Facilitator, Student, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db
from portal.reflections.models import (
    FormMode,
    ReflectionDraft,
    ReflectionForm,
    ReflectionParticipation,
    ReflectionRound,
)

# What a device kept while it was offline is still taken on the day after the last one.
GRACE = timedelta(days=1)
TAKES_PART = (EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED)
_MOST = 100


@dataclass(frozen=True, slots=True)
class OwnRound:
    """A course's reflection as one of its students sees it; `on_day` is the day on which they took part."""

    id: int
    form_id: int
    offering_id: int
    title_en: str
    title_fr: str
    mode: FormMode
    min_responses: int
    opens_on: date
    closes_on: date
    released_on: date | None
    shown_count: int | None
    reply: str | None
    replied_at: datetime | None
    code: str | None
    course: str
    first_name: str | None
    last_name: str | None
    student_id: int
    on_day: date | None
    receipt: str | None

    @property
    def facilitator(self) -> str:
        """Who teaches the course; empty when nobody does."""
        return full_name(self.first_name, self.last_name)

    def title(self, language: str) -> str:
        """What the form is called."""
        return (self.title_fr if language == "fr" else self.title_en) or self.title_en

    def is_open(self, today: date) -> bool:
        """Whether the student can still write and send it."""
        return self.on_day is None and self.opens_on <= today <= self.closes_on

    def takes(self, today: date) -> bool:
        """Whether what was written in time is still taken."""
        return self.on_day is None and self.opens_on <= today <= self.closes_on + GRACE


def _own() -> Any:
    columns = (
        ReflectionRound.id, ReflectionRound.form_id, ReflectionRound.offering_id, ReflectionForm.title_en,
        ReflectionForm.title_fr, ReflectionForm.mode, ReflectionForm.min_responses, ReflectionRound.opens_on,
        ReflectionRound.closes_on, ReflectionRound.released_on, ReflectionRound.shown_count, ReflectionRound.reply,
        ReflectionRound.replied_at, Module.code, COURSE_NAME,
        User.first_name, User.last_name, Student.id, ReflectionParticipation.on_day, ReflectionParticipation.receipt,
    )  # fmt: skip
    mine = and_(
        ReflectionParticipation.round_id == ReflectionRound.id, ReflectionParticipation.student_id == Student.id
    )
    return (
        select(*columns)
        .select_from(ReflectionRound)
        .join(ReflectionForm, ReflectionForm.id == ReflectionRound.form_id)
        .join(CourseOffering, CourseOffering.id == ReflectionRound.offering_id)
        .join(Enrolment, Enrolment.offering_id == CourseOffering.id)
        .join(Student, Student.id == Enrolment.student_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
        .outerjoin(User, User.id == Facilitator.user_id)
        .outerjoin(ReflectionParticipation, mine)
        .where(Enrolment.status.in_(TAKES_PART), CourseOffering.status != OfferingStatus.CANCELLED)
    )


_OWN = _own()


def find_own_round(user_id: int, round_id: int) -> OwnRound | None:
    """A round of a course that the student takes; None otherwise. One statement."""
    wanted = _OWN.where(Student.user_id == user_id, ReflectionRound.id == round_id)
    row = db.session.execute(wanted).one_or_none()
    return OwnRound(*row) if row else None


def list_own_rounds(user_id: int, today: date) -> Sequence[OwnRound]:
    """The rounds of a student's courses that have opened, those that close first on top. One statement."""
    wanted = _OWN.where(Student.user_id == user_id, ReflectionRound.opens_on <= today)
    rows = db.session.execute(wanted.order_by(ReflectionRound.closes_on.desc(), ReflectionRound.id).limit(_MOST))
    return [OwnRound(*row) for row in rows]


def list_open_rounds(user_id: int, today: date) -> Sequence[OwnRound]:
    """The rounds that a student can answer today and has not, the first to close on top. One statement."""
    wanted = _OWN.where(
        Student.user_id == user_id,
        ReflectionRound.opens_on <= today,
        ReflectionRound.closes_on >= today,
        ReflectionParticipation.on_day.is_(None),
    )
    rows = db.session.execute(wanted.order_by(ReflectionRound.closes_on, ReflectionRound.id).limit(_MOST))
    return [OwnRound(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Desk:
    """Whether somebody may write in a round, and the sealed draft that they have there, if any."""

    student_id: int
    form_id: int
    opens_on: date
    closes_on: date
    on_day: date | None
    body: str | None
    version: int
    saved_at: datetime | None

    def takes(self, today: date) -> bool:
        """Whether what is written is still kept."""
        return self.on_day is None and self.opens_on <= today <= self.closes_on + GRACE


def find_desk(user_id: int, owner_key: str, round_id: int) -> Desk | None:
    """What saving a draft has to know; None for a round of a course that the student does not take. One statement."""
    draft = and_(ReflectionDraft.round_id == ReflectionRound.id, ReflectionDraft.owner_key == owner_key)
    mine = and_(
        ReflectionParticipation.round_id == ReflectionRound.id, ReflectionParticipation.student_id == Student.id
    )
    columns = (
        Student.id, ReflectionRound.form_id, ReflectionRound.opens_on, ReflectionRound.closes_on,
        ReflectionParticipation.on_day, ReflectionDraft.body, func.coalesce(ReflectionDraft.version, 0),
        ReflectionDraft.saved_at,
    )  # fmt: skip
    wanted = (
        select(*columns)
        .select_from(ReflectionRound)
        .join(CourseOffering, CourseOffering.id == ReflectionRound.offering_id)
        .join(Enrolment, Enrolment.offering_id == ReflectionRound.offering_id)
        .join(Student, Student.id == Enrolment.student_id)
        .outerjoin(ReflectionParticipation, mine)
        .outerjoin(ReflectionDraft, draft)
        .where(
            ReflectionRound.id == round_id,
            Student.user_id == user_id,
            # Not IN, for which the statement would be written anew each time somebody types.
            or_(*(Enrolment.status == one for one in TAKES_PART)),
            CourseOffering.status != OfferingStatus.CANCELLED,
        )
    )
    row = db.session.execute(wanted).one_or_none()
    return Desk(*row) if row else None
