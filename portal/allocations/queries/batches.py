"""Bulk changes that were done, out of the audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from portal.allocations.models import CourseOffering
from portal.audit.models import AuditEvent, ChangeBatch
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Batch:
    """A bulk change: its deed, when, with what, how many courses it changed, and whether it was taken back."""

    id: int
    kind: str
    params: Mapping[str, Any]
    row_count: int
    at: datetime
    undone_at: datetime | None
    undone_by_batch: int | None
    undoes_id: int | None


@dataclass(frozen=True, slots=True)
class ChangedCourse:
    """A course of a batch with what changed in it: field → [before, after] as the audit keeps them."""

    id: int
    name: str
    code: str
    changes: Mapping[str, list[Any]]


def find_batch(batch_id: int, actor_id: int) -> Batch | None:
    """Somebody's own bulk change; None for another's. One statement."""
    undo = aliased(ChangeBatch)
    wanted = (
        select(
            ChangeBatch.id, ChangeBatch.kind, ChangeBatch.params, ChangeBatch.row_count, ChangeBatch.created_at,
            ChangeBatch.undone_at, undo.id, ChangeBatch.undoes_id,
        )
        .outerjoin(undo, undo.undoes_id == ChangeBatch.id)
        .where(ChangeBatch.id == batch_id, ChangeBatch.actor_id == actor_id)
    )  # fmt: skip
    row = db.session.execute(wanted).one_or_none()
    return Batch(*row) if row else None


def list_changed(batch_id: int) -> Sequence[ChangedCourse]:
    """The first fifty courses that a bulk change changed. One statement."""
    wanted = (
        select(CourseOffering.id, CourseOffering.title, Module.name, Module.code, ClassGroup.name, AuditEvent.changes)
        .join(CourseOffering, CourseOffering.id == AuditEvent.entity_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .where(AuditEvent.batch_id == batch_id, AuditEvent.entity == CourseOffering.__tablename__)
        .order_by(AuditEvent.id)
        .limit(SHOWN)
    )
    found = []
    for row_id, title, module, code, class_name, changes in db.session.execute(wanted):
        called = " · ".join(part for part in (code, class_name) if part)
        found.append(ChangedCourse(row_id, title or module or "", called, changes))
    return found
