"""Keeping the checklist: items in both languages, when each is expected, their order, retirement.

Logs that are written keep the items they had; items are never deleted, since old logs name them.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.folding import fold
from portal.tracker.models import ChecklistItem
from portal.tracker.queries.checklist import list_items

LAST_WEEK = 60
LONGEST_LABEL = 100
# As many as can be ticked in two minutes, and then some.
MOST_ITEMS = 20
_KEY_LENGTH = 40


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as someone wants it; without `to_week` it is expected to the last week."""

    label_en: str
    label_fr: str
    from_week: int
    to_week: int | None


def create_item(draft: ItemDraft, by: Actor) -> int:
    """A new item at the end of the list; gives its id. Raises DomainError on the field that breaks a rule."""
    _lock_list()
    _check(draft, None)
    if sum(item.is_active for item in list_items()) >= MOST_ITEMS:
        raise Conflict(lazy("There are %(most)s items already. Retire one first.", most=MOST_ITEMS))
    last = db.session.scalar(select(func.max(ChecklistItem.position))) or 0
    item = ChecklistItem(**asdict(draft), key=_free_key(draft.label_en), position=last + 1)
    try:
        with db.session.begin_nested():
            db.session.add(item)
    except IntegrityError as error:  # somebody added the same a moment ago
        raise _twin("label_en") from error
    record(
        by,
        "create",
        ChecklistItem.__tablename__,
        item.id,
        **{name: (None, value) for name, value in asdict(draft).items()},
    )
    return item.id


def change_item(item_id: int, draft: ItemDraft, version: int, by: Actor) -> bool:
    """Give an item other words or weeks; False when it stood so already.

    Raises as `create_item`, NotFound, and Conflict when somebody changed it since `version`.
    """
    item = _locked(item_id)
    _check(draft, item_id)
    changed = {name: (getattr(item, name), value) for name, value in asdict(draft).items()
               if getattr(item, name) != value}  # fmt: skip
    if not changed:
        return False
    if item.version != version:
        raise Conflict(lazy("Someone changed this item meanwhile. Look at it as it is now, then change it again."))
    for name, (_before, after) in changed.items():
        setattr(item, name, after)
    item.version += 1
    record(by, "update", ChecklistItem.__tablename__, item_id, **changed)
    return True


def move_item(item_id: int, step: int, by: Actor) -> bool:
    """Move an item in use up (-1) or down (1) by one place; False at the end of the list. Raises NotFound."""
    _lock_list()
    order = [item for item in list_items() if item.is_active]
    place = next((place for place, item in enumerate(order) if item.id == item_id), None)
    if place is None:
        raise NotFound(lazy("There is no such checklist item in use."))
    if not 0 <= place + step < len(order):
        return False
    order[place], order[place + step] = order[place + step], order[place]
    for position, item in enumerate(order, start=1):
        if item.position != position:
            _set(item.id, position=position)
    record(by, "update", ChecklistItem.__tablename__, item_id, position=(place + 1, place + step + 1))
    return True


def set_item_active(item_id: int, is_active: bool, by: Actor) -> bool:
    """Retire an item, or bring it back at the end of the list; False when it stood so already.

    Raises NotFound, Conflict for the last one in use.
    """
    item = _locked(item_id)
    if item.is_active is is_active:
        return False
    others = [other for other in list_items() if other.is_active and other.id != item_id]
    if not is_active and not others:
        raise Conflict(lazy("A week needs something to tick: the last item cannot be retired."))
    values: dict[str, Any] = {"is_active": is_active, "version": item.version + 1}
    if is_active:
        values["position"] = max((other.position for other in others), default=0) + 1
    _set(item_id, **values)
    record(by, "update", ChecklistItem.__tablename__, item_id, is_active=(not is_active, is_active))
    return True


def _check(draft: ItemDraft, own_id: int | None) -> None:
    for field, label in (("label_en", draft.label_en), ("label_fr", draft.label_fr)):
        if not label:
            raise DomainError(lazy("Both languages are needed: people read the portal in theirs."), field)
        if len(label) > LONGEST_LABEL:
            raise DomainError(lazy("At most %(most)s characters.", most=LONGEST_LABEL), field)
    if not 1 <= draft.from_week <= LAST_WEEK:
        raise DomainError(lazy("Use a number from %(least)s to %(most)s.", least=1, most=LAST_WEEK), "from_week")
    if draft.to_week is not None and not draft.from_week <= draft.to_week <= LAST_WEEK:
        least = draft.from_week
        raise DomainError(lazy("Use a number from %(least)s to %(most)s.", least=least, most=LAST_WEEK), "to_week")
    for item in list_items():
        if item.id != own_id and item.is_active:
            for field in ("label_en", "label_fr"):
                if fold(getattr(item, field)) == fold(getattr(draft, field)):
                    raise _twin(field)


def _twin(field: str) -> DomainError:
    return Conflict(lazy("There is an item of this name already."), field)


def _free_key(label: str) -> str:
    """The name by which the API and files know an item: it stays when the words change."""
    base = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")[:_KEY_LENGTH] or "item"
    taken = {item.key for item in list_items()}
    if base not in taken:
        return base
    return next(
        name for number in range(2, 2 + len(taken))
        if (name := f"{base[: _KEY_LENGTH - 4]}_{number}") not in taken
    )  # fmt: skip


def _lock_list() -> None:
    """Whoever keeps the list waits here for whoever does so now: its rules are about all items together."""
    # Nobody who fills in a week has to wait for that where the database can tell, and elsewhere both go by number.
    db.session.execute(select(ChecklistItem.id).order_by(ChecklistItem.id).with_for_update(key_share=True)).all()


def _locked(item_id: int) -> ChecklistItem:
    _lock_list()
    found = db.session.get(ChecklistItem, item_id, populate_existing=True)
    if found is None:
        raise NotFound(lazy("There is no such checklist item."))
    return found


def _set(item_id: int, **values: Any) -> None:
    db.session.execute(
        update(ChecklistItem).where(ChecklistItem.id == item_id).values(**values).execution_options(**IN_PLACE)
    )
