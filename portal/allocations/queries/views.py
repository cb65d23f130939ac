"""Saved views of the list: one's own, and those that are shared with all managers."""

from collections.abc import Mapping, Sequence
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
    """One's own views and the shared ones of others, each by name. One statement at most: kept while no view changes."""
    return kept("views", user_id, lambda: _read_views(user_id), VIEWS, PEOPLE)


def _read_views(user_id: int) -> Sequence[ViewRow]:
    rows = db.session.execute(
        select(
            SavedView.id, SavedView.name, SavedView.args, SavedView.is_shared, SavedView.owner_id,
            User.first_name, User.last_name,
        )
        .join(User, User.id == SavedView.owner_id)
        .where(or_(SavedView.owner_id == user_id, SavedView.is_shared.is_(True)))
        .order_by(SavedView.name_folded, SavedView.id)
    )  # fmt: skip
    found = [
        ViewRow(row_id, name, args, is_shared, "" if owner_id == user_id else f"{first} {last}".strip())
        for row_id, name, args, is_shared, owner_id, first, last in rows
    ]
    return sorted(found, key=lambda view: bool(view.owner))


def find_own_view(user_id: int, view_id: int) -> ViewRow | None:
    """A view of this person; None for anybody else's, shared or not. One statement."""
    mine = select(SavedView.id, SavedView.name, SavedView.args, SavedView.is_shared)
    row = db.session.execute(mine.where(SavedView.id == view_id, SavedView.owner_id == user_id)).one_or_none()
    return ViewRow(row.id, row.name, row.args, row.is_shared, "") if row else None
