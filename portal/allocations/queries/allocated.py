"""Courses and whom they are allocated to, for telling people."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select

from portal.accounts.models import Facilitator, Identity, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries.naming import COURSE_NAME
from portal.bulk import in_chunks
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db
from portal.scoping import EVERYWHERE


@dataclass(frozen=True, slots=True)
class AllocatedCourse:
    """A course with its names, days and status, and the user whose it is, if anybody's with an open account.

    `signs_in` says that they have a way to: a password, or another institution's account.
    """

    id: int
    code: str | None
    course: str
    class_name: str | None
    start_date: date
    end_date: date
    status: OfferingStatus
    user_id: int | None
    signs_in: bool


_SIGNS_IN = or_(User.password_hash.is_not(None), select(Identity.id).where(Identity.user_id == User.id).exists())


def find_allocated(offering_ids: Collection[int]) -> Mapping[int, AllocatedCourse]:
    """These courses by id, of whatever department: somebody is to be told of them. One statement for each 500."""
    found: dict[int, AllocatedCourse] = {}
    for ids in in_chunks(sorted(set(offering_ids))):
        wanted = (
            select(
                CourseOffering.id,
                Module.code,
                COURSE_NAME,
                ClassGroup.name,
                CourseOffering.start_date,
                CourseOffering.end_date,
                CourseOffering.status,
                User.id,
                _SIGNS_IN,
            )
            .outerjoin(Module, Module.id == CourseOffering.module_id)
            .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
            .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
            .outerjoin(User, and_(User.id == Facilitator.user_id, User.is_active))
            .where(CourseOffering.id.in_(ids))
        )
        rows: Any = db.session.execute(wanted, execution_options=EVERYWHERE)
        found |= {row[0]: AllocatedCourse(*row) for row in rows}
    return found


def find_users(facilitator_ids: Collection[int], *, only_signing_in: bool = False) -> Mapping[int, int]:
    """The users of facilitators whose account is open. One statement for each 500.

    With `only_signing_in` those alone who have a way to sign in.
    """
    wanted = select(Facilitator.id, User.id).join(User, User.id == Facilitator.user_id).where(User.is_active)
    if only_signing_in:
        wanted = wanted.where(_SIGNS_IN)
    found: dict[int, int] = {}
    for ids in in_chunks(sorted(set(facilitator_ids))):
        found |= {row[0]: row[1] for row in db.session.execute(wanted.where(Facilitator.id.in_(ids)))}
    return found
