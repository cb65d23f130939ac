"""Saved views of the list: one's own, and those that are shared with all managers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from portal.accounts.models import User
from portal.allocations.models import SavedView
from portal.extensions import db
from portal.pulses import PEOPLE, VIEWS, kept


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A saved view as the menu shows it; `owner` is empty for one's own."""

    id: int
    name: str
    args: Mapping[str, Any]
    is_shared: bool
    owner: str


def list_views(user_id: int) -> Sequence[ViewRow]:
    """One's own views and the shared ones of others, each by name. Two statements at most, whose rows are kept."""
    rows = kept("views", user_id, lambda: _read_views(user_id), VIEWS)
    others = frozenset(row.owner_id for row in rows) - {user_id}
    names = kept("owners of views", others, lambda: _names_of(others), PEOPLE) if others else {}
    found = [ViewRow(row.id, row.name, row.args, row.is_shared, names.get(row.owner_id, "")) for row in rows]
    return sorted(found, key=lambda view: bool(view.owner))


def _read_views(user_id: int) -> Sequence[Any]:
    return db.session.execute(
        select(SavedView.id, SavedView.name, SavedView.args, SavedView.is_shared, SavedView.owner_id)
        .where(or_(SavedView.owner_id == user_id, SavedView.is_shared.is_(True)))
        .order_by(SavedView.name_folded, SavedView.id)
    ).all()


def _names_of(user_ids: Collection[int]) -> Mapping[int, str]:
    rows = db.session.execute(select(User.id, User.first_name, User.last_name).where(User.id.in_(user_ids)))
    return {user_id: f"{first} {last}".strip() for user_id, first, last in rows}


def find_own_view(user_id: int, view_id: int) -> ViewRow | None:
    """A view of this person; None for anybody else's, shared or not. One statement."""
    mine = select(SavedView.id, SavedView.name, SavedView.args, SavedView.is_shared)
    row = db.session.execute(mine.where(SavedView.id == view_id, SavedView.owner_id == user_id)).one_or_none()
    return ViewRow(row.id, row.name, row.args, row.is_shared, "") if row else None
