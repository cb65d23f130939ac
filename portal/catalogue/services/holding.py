"""Entries of the catalogue that a course is about to name: held, so that nobody retires or deletes them meanwhile."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from portal.bulk import in_chunks
from portal.extensions import db


def hold_entries(model: Any, ids: Collection[int]) -> Mapping[int, bool]:
    """Whether each of these entries that are there is in use; whoever retires one waits until the transaction ends.

    Others may hold them at the same time. Whoever holds entries of several kinds, or courses besides, holds modules,
    classes, cohorts, modes and then courses, as an import does. One statement for each 500.
    """
    found: dict[int, bool] = {}
    for part in in_chunks(sorted(set(ids))):
        held = select(model.id, model.is_active).where(model.id.in_(part)).order_by(model.id)
        found.update((row.id, row.is_active) for row in db.session.execute(held.with_for_update(read=True)))
    return found
