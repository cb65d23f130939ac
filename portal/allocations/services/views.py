"""Keeping lists as people want to see them again."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.allocations.models import SavedView
from portal.audit.services import Actor, record
from portal.errors import Conflict, NotFound, lazy
from portal.extensions import db

Args = Mapping[str, Any]


def save_view(owner_id: int, name: str, args: Args, is_shared: bool, by: Actor) -> SavedView:
    """A new view of this person. Raises Conflict on `name` when they have one of that name."""
    view = SavedView(owner_id=owner_id, name=name, args=dict(args), is_shared=is_shared)
    try:
        with db.session.begin_nested():
            db.session.add(view)
    except IntegrityError as error:
        raise _taken(name) from error
    record(by, "create", SavedView.__tablename__, view.id, name=(None, name), args=(None, dict(args)),
           is_shared=(None, is_shared))  # fmt: skip
    return view


def change_view(view_id: int, owner_id: int, name: str, args: Args, is_shared: bool, by: Actor) -> SavedView:
    """Give a view another name, other filters, or other readers.

    Raises NotFound for a view of somebody else, Conflict on `name` when another one has that name.
    """
    view = _own(view_id, owner_id)
    wanted = {"name": name, "args": dict(args), "is_shared": is_shared}
    changes = {key: (getattr(view, key), value) for key, value in wanted.items() if getattr(view, key) != value}
    try:
        with db.session.begin_nested():
            for key, (_before, value) in changes.items():
                setattr(view, key, value)
    except IntegrityError as error:
        raise _taken(name) from error
    if changes:
        record(by, "update", SavedView.__tablename__, view_id, **changes)
    return view


def delete_view(view_id: int, owner_id: int, by: Actor) -> str:
    """Forget a view; gives its name. Raises NotFound for a view of somebody else."""
    view = _own(view_id, owner_id)
    record(by, "delete", SavedView.__tablename__, view.id, name=(view.name, None), args=(view.args, None))
    db.session.delete(view)
    return view.name


def _own(view_id: int, owner_id: int) -> SavedView:
    mine = select(SavedView).where(SavedView.id == view_id, SavedView.owner_id == owner_id)
    view = db.session.scalar(mine.with_for_update())
    if view is None:
        raise NotFound(lazy("There is no such view."))
    return view


def _taken(name: str) -> Conflict:
    return Conflict(lazy("You have a view called “%(name)s” already. Choose another name.", name=name), "name")
