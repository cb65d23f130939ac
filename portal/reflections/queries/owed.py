"""Who is to be told of a reflection: from what the portal knows anyway, that somebody took part or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import String, and_, literal, select, type_coerce

from portal.accounts.models import Facilitator, Student, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment
from portal.extensions import db
from portal.notifications.models import Notification
from portal.reflections.models import ReflectionForm, ReflectionParticipation, ReflectionRound
from portal.reflections.queries.own import TAKES_PART

OPENED, CLOSING, RESULTS = "reflection_opened", "reflection_closing", "reflection_results"
# So long before the last day, those who have not taken part are told once more.
SOON = timedelta(days=2)
_RECENT = timedelta(days=14)
_MOST = 2000


@dataclass(frozen=True, slots=True)
class Untold:
    """Somebody who is to be told of a round."""

    user_id: int
    round_id: int
    code: str | None
    course: str
    closes_on: date
    key: str


def _columns(kind: str, user: Any) -> tuple[Any, ...]:
    # Without a cast: MariaDB gives a cast text a collation of its own, and refuses to compare it with a column.
    key = literal(f"{kind}:").concat(type_coerce(ReflectionRound.id, String)).concat(":")
    key = key.concat(type_coerce(user, String))
    return user, ReflectionRound.id, Module.code, COURSE_NAME, ReflectionRound.closes_on, key


def _students(kind: str) -> tuple[Any, Any]:
    mine = and_(
        ReflectionParticipation.round_id == ReflectionRound.id, ReflectionParticipation.student_id == Student.id
    )
    columns = _columns(kind, User.id)
    wanted = (
        select(*columns)
        .select_from(ReflectionRound)
        .join(CourseOffering, CourseOffering.id == ReflectionRound.offering_id)
        .join(Enrolment, Enrolment.offering_id == CourseOffering.id)
        .join(Student, Student.id == Enrolment.student_id)
        .join(User, User.id == Student.user_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ReflectionParticipation, mine)
        .where(
            User.is_active,
            Enrolment.status.in_(TAKES_PART),
            CourseOffering.status != OfferingStatus.CANCELLED,
            ReflectionParticipation.on_day.is_(None),
        )
    )
    return wanted, columns[-1]


def list_untold(kind: str, today: date) -> Sequence[Untold]:
    """Whom nobody has told yet that something opened, or closes soon. One statement."""
    wanted, key = _students(kind)
    told = select(Notification.id).where(Notification.dedupe_key == key).exists()
    wanted = wanted.where(ReflectionRound.opens_on <= today, ReflectionRound.closes_on >= today, ~told)
    if kind == CLOSING:
        wanted = wanted.where(ReflectionRound.closes_on <= today + SOON, ReflectionRound.opens_on < today)
    rows = db.session.execute(wanted.order_by(ReflectionRound.id, User.id).limit(_MOST))
    return [Untold(*row) for row in rows]


def list_still_open(user_id: int, today: date) -> Sequence[Untold]:
    """The rounds that a student can answer on a day and has not. One statement."""
    wanted, _key = _students(OPENED)
    mine = wanted.where(User.id == user_id, ReflectionRound.opens_on <= today, ReflectionRound.closes_on >= today)
    return [Untold(*row) for row in db.session.execute(mine.order_by(ReflectionRound.closes_on, ReflectionRound.id))]


def list_untold_results(today: date) -> Sequence[Untold]:
    """The facilitators whom nobody has told yet that results are out. One statement."""
    columns = _columns(RESULTS, Facilitator.user_id)
    told = select(Notification.id).where(Notification.dedupe_key == columns[-1]).exists()
    wanted = (
        select(*columns)
        .select_from(ReflectionRound)
        .join(ReflectionForm, ReflectionForm.id == ReflectionRound.form_id)
        .join(CourseOffering, CourseOffering.id == ReflectionRound.offering_id)
        .join(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .where(ReflectionRound.released_on >= today - _RECENT, ReflectionRound.shown_count > 0, ~told)
    )
    return [Untold(*row) for row in db.session.execute(wanted.limit(_MOST))]
