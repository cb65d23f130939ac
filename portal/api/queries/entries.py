"""Entries of the catalogue as programs read them."""

from typing import Any

from sqlalchemy import ColumnElement, func, select

from portal.catalogue.kinds import Kind
from portal.catalogue.queries.entries import Entry, matching
from portal.extensions import db


def list_entries(
    kind: Kind, q: str, is_active: bool | None, *, sort: str, offset: int, limit: int
) -> tuple[list[Entry], int]:
    """A page of the entries and how many there are. Two statements at any size."""
    model = kind.model
    where: list[ColumnElement[bool]] = matching(kind, q)
    if is_active is not None:
        where.append(model.is_active == is_active)
    column = getattr(model, sort.removeprefix("-"))
    key = column.desc() if sort.startswith("-") else column.asc()
    columns = [model.id, model.version, model.is_active, *(getattr(model, name) for name in kind.fields)]
    rows: Any = db.session.execute(
        select(*columns).where(*where).order_by(key, model.id).offset(offset).limit(limit)
    ).all()
    total = db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0
    found = [Entry(row[0], row[1], row[2], 0, dict(zip(kind.fields, row[3:], strict=True))) for row in rows]
    return found, total
