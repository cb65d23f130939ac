"""The entries of the catalogue: listed, found, and how often they are used."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, func, literal, or_, select

from portal.catalogue.kinds import Kind
from portal.catalogue.models import Department
from portal.extensions import db
from portal.folding import fold
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key

_MOST_WORDS = 8
_LONGEST_WORD = 60


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are wanted: those that hold every word of `q`, in use or retired."""

    q: str = ""
    is_active: bool | None = True


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: its values by field, and how many courses, people or modules name it."""

    id: int
    version: int
    is_active: bool
    uses: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EntryCounts:
    """How many entries match a search, in use and retired."""

    active: int
    retired: int

    def of(self, is_active: bool | None) -> int:
        """How many of these are in use, retired, or both."""
        return self.active + self.retired if is_active is None else self.active if is_active else self.retired


def count_entries(kind: Kind, q: str) -> EntryCounts:
    """How many match. One statement."""
    active = kind.model.is_active if kind.retires else literal(True)
    counted = select(active, func.count()).select_from(kind.model).where(*matching(kind, q))
    rows = db.session.execute(counted.group_by(active))
    found = {bool(is_active): count for is_active, count in rows}
    return EntryCounts(found.get(True, 0), found.get(False, 0))


def page_of_entries(kind: Kind, wanted: EntryFilter, page: PageRequest, total: int) -> Page[Entry]:
    """Entries by `page.sort`, one of the kind's fields that are never empty. One statement."""
    keys = [getattr(kind.model, page.sort)]
    page = fitting(page, keys)
    statement = select(*_columns(kind)).where(*matching(kind, wanted.q))
    if kind.retires and wanted.is_active is not None:
        statement = statement.where(kind.model.is_active == wanted.is_active)
    rows = db.session.execute(slice_by_key(statement, keys, kind.model.id, page)).all()
    ends = [(getattr(row, page.sort), row.id) for row in rows]
    return make_page([_entry(kind, row) for row in rows], ends, page, total)


def find_entry(kind: Kind, entry_id: int) -> Entry | None:
    """One entry as it stands now; None when there is none. One statement."""
    row = db.session.execute(select(*_columns(kind)).where(kind.model.id == entry_id)).one_or_none()
    return _entry(kind, row) if row else None


def find_alike(kind: Kind, values: Mapping[str, Any]) -> int | None:
    """The id of the entry that has this key already, in whatever case. One statement."""
    same = [func.lower(getattr(kind.model, kind.key)) == str(values[kind.key]).lower()]
    if kind.name == "breaks":
        same.append(kind.model.start_date == values["start_date"])
    return db.session.scalar(select(kind.model.id).where(*same).order_by(kind.model.id).limit(1))


def list_departments() -> Sequence[tuple[int, str, str]]:
    """Id, code and name of the departments in use. One statement."""
    wanted = select(Department.id, Department.code, Department.name).where(Department.is_active)
    return [(row_id, code, name) for row_id, code, name in db.session.execute(wanted.order_by(Department.code))]


def department_names(ids: Iterable[int]) -> Mapping[int, str]:
    """The codes of departments by id. One statement."""
    rows: Iterable[Any] = db.session.execute(select(Department.id, Department.code).where(Department.id.in_(ids)))
    return {row.id: row.code for row in rows}


def uses_of(kind: Kind) -> ColumnElement[int]:
    """How many rows of any table name an entry. Every foreign key counts, also those of features further up."""
    table = kind.model.__table__
    total: ColumnElement[int] = literal(0, Integer)
    for other in kind.model.metadata.sorted_tables:
        for column in other.columns:
            if any(key.column.table is table for key in column.foreign_keys):
                total = total + select(func.count()).where(column == table.c.id).scalar_subquery()
    return total


def _columns(kind: Kind) -> list[Any]:
    model = kind.model
    active = model.is_active if kind.retires else literal(True)
    fields = [getattr(model, name) for name in kind.fields]
    return [model.id, model.version, active.label("active"), uses_of(kind).label("uses"), *fields]


def _entry(kind: Kind, row: Any) -> Entry:
    return Entry(row.id, row.version, bool(row.active), row.uses, {name: getattr(row, name) for name in kind.fields})


def matching(kind: Kind, q: str) -> list[ColumnElement[bool]]:
    """Every word stands in the name or the key, whatever its accents and case."""
    folded = getattr(kind.model, "name_folded", None)
    texts = [func.lower(getattr(kind.model, kind.key)), *([folded] if folded is not None else [])]
    words = [word[:_LONGEST_WORD] for word in fold(q).split()[:_MOST_WORDS]]
    return [or_(*(text.contains(word, autoescape=True) for text in texts)) for word in words]
