"""The checklist as administrators keep it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.extensions import db
from portal.tracker.models import ChecklistItem


@dataclass(frozen=True, slots=True)
class KeptItem:
    """One item: its words, the teaching weeks in which it is expected (both ends included), whether it is in use."""

    id: int
    key: str
    label_en: str
    label_fr: str
    from_week: int
    to_week: int | None
    is_active: bool
    position: int
    version: int


def list_items() -> Sequence[KeptItem]:
    """All items: those in use in their order, then retired ones. One statement."""
    rows = db.session.execute(_ITEMS.order_by(ChecklistItem.is_active.desc(), ChecklistItem.position, ChecklistItem.id))
    return [KeptItem(*row) for row in rows]


def find_kept_item(item_id: int) -> KeptItem | None:
    """One item; None when there is none of this id. One statement."""
    row = db.session.execute(_ITEMS.where(ChecklistItem.id == item_id)).one_or_none()
    return KeptItem(*row) if row else None


_ITEMS = select(
    ChecklistItem.id,
    ChecklistItem.key,
    ChecklistItem.label_en,
    ChecklistItem.label_fr,
    ChecklistItem.from_week,
    ChecklistItem.to_week,
    ChecklistItem.is_active,
    ChecklistItem.position,
    ChecklistItem.version,
)
