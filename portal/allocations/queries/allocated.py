"""Courses and whom they are allocated to, for telling people."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.bulk import in_chunks
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class AllocatedCourse:
    """A course with its names and days, and the user whose it is, if anybody's."""

    id: int
    code: str | None
    course: str
    class_name: str | None
    start_date: date
    end_date: date
    user_id: int | None


def find_allocated(offering_ids: Collection[int]) -> Mapping[int, AllocatedCourse]:
    """These courses by id. One statement for each 500."""
    found: dict[int, AllocatedCourse] = {}
    for ids in in_chunks(sorted(set(offering_ids))):
        wanted = (
            select(
                CourseOffering.id,
                Module.code,
                func.coalesce(CourseOffering.title, Module.name, ""),
                ClassGroup.name,
                CourseOffering.start_date,
                CourseOffering.end_date,
                Facilitator.user_id,
            )
            .outerjoin(Module, Module.id == CourseOffering.module_id)
            .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
            .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
            .where(CourseOffering.id.in_(ids))
        )
        rows: Any = db.session.execute(wanted)
        found |= {row[0]: AllocatedCourse(*row) for row in rows}
    return found


def find_users(facilitator_ids: Collection[int]) -> Mapping[int, int]:
    """The users of facilitators whose account is open. One statement for each 500."""
    found: dict[int, int] = {}
    for ids in in_chunks(sorted(set(facilitator_ids))):
        wanted = select(Facilitator.id, User.id).join(User, User.id == Facilitator.user_id)
        rows = db.session.execute(wanted.where(Facilitator.id.in_(ids), User.is_active))
        found |= {row[0]: row[1] for row in rows}
    return found
