"""Many rows in few statements, alike on every database: how imports and the demo institution write.

A *draft* is a frozen dataclass that names things by their human keys. What the database holds is a
`Stored` draft; what shall change is a `Plan` of new drafts and edits.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sqlalchemy import ColumnElement, Table, bindparam, case, insert, literal, literal_column, select, update
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.audit.services import Actor, Change, record_many
from portal.extensions import Model, db
from portal.pulses import note_written

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Small enough for every database's limit of parameters, large enough that round trips do not count.
CHUNK = 500
# Their drivers send a change of many rows row by row, and wait for an answer to each.
_ONE_BY_ONE = frozenset({"mysql", "mariadb"})
Draft = TypeVar("Draft", bound="DataclassInstance")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Stored(Generic[Draft]):
    """What the database holds: the row's id, and the draft that would make it."""

    id: int
    draft: Draft


@dataclass(frozen=True, slots=True)
class Edit(Generic[Draft]):
    """A row that shall change."""

    id: int
    before: Draft
    after: Draft


@dataclass(slots=True)
class Plan(Generic[Draft]):
    """What shall be written: drafts without a row yet, and rows that change."""

    new: list[Draft] = field(default_factory=list)
    edits: list[Edit[Draft]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.new) + len(self.edits)

    @property
    def drafts(self) -> list[Draft]:
        """Every draft as it shall be."""
        return [*self.new, *(edit.after for edit in self.edits)]


def differences(before: Draft, after: Draft) -> dict[str, tuple[Any, Any]]:
    """The fields in which two drafts differ, each with (before, after)."""
    pairs = ((one.name, getattr(before, one.name), getattr(after, one.name)) for one in fields(after))
    return {name: (old, new) for name, old, new in pairs if old != new}


def in_chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in lists of at most CHUNK."""
    everything = list(items)
    return (everything[start : start + CHUNK] for start in range(0, len(everything), CHUNK))


def insert_rows(model: type[Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows, all with the same columns, stamped with the present moment."""
    table, now = cast(Table, model.__table__), clock.now()
    for part in in_chunks(rows):
        db.session.execute(insert(table), [{**row, "created_at": now, "updated_at": now} for row in part])


def update_rows(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Change rows by their `id`; all rows name the same columns. One statement for some hundred rows, or for each."""
    if not rows:
        return
    table, now = cast(Table, model.__table__), clock.now()
    note_written(table.name, [row["id"] for row in rows] if table.name == "course_offerings" else None)
    columns = [name for name in rows[0] if name != "id"]
    if db.session.connection().dialect.name in _ONE_BY_ONE:
        for part in in_chunks(rows):
            together = {name: _value_by_id(table, name, part) for name in columns}
            of_these = update(table).where(is_one_of(table.c.id, (row["id"] for row in part)))
            db.session.connection().execute(of_these.values(together | {"updated_at": now}))
        return
    statement = update(table).where(table.c.id == bindparam("row_id"))
    statement = statement.values({name: bindparam(f"new_{name}") for name in columns} | {"updated_at": now})
    for part in in_chunks(rows):
        values = [{"row_id": row["id"], **{f"new_{name}": row[name] for name in columns}} for row in part]
        db.session.connection().execute(statement, values)


def _value_by_id(table: Table, name: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    """What a column becomes in each of these rows, as one expression; most rows often become the same."""
    column, ids = table.c[name], defaultdict[Any, list[int]](list)
    for row in rows:
        ids[row[name]].append(row["id"])
    usual = max(ids, key=lambda value: len(ids[value]))
    others = [(is_one_of(table.c.id, found), value) for value, found in ids.items() if value != usual]
    whens = ((of_these, literal(value, column.type)) for of_these, value in others)
    return case(*whens, else_=literal(usual, column.type)) if others else usual


def is_one_of(column: ColumnElement[Any], ids: Iterable[int]) -> ColumnElement[bool]:
    """Whether a number is one of some, of which there must be any."""
    return column.op("IN", is_comparison=True)(list_of(ids))


def list_of(ids: Iterable[int]) -> ColumnElement[Any]:
    """Numbers as they stand in a statement: as parameters, thousands would take longer than their search."""
    return literal_column(f"({', '.join(map(str, sorted(ids)))})")


def ids_by(column: InstrumentedAttribute[str], keys: Iterable[str]) -> dict[str, int]:
    """The ids of the rows whose unique column holds exactly one of these keys, by key."""
    found: dict[str, int] = {}
    wanted = set(keys)
    for part in in_chunks(sorted(wanted)):
        found.update(db.session.execute(select(column, column.class_.id).where(column.in_(part))).all())
    # MariaDB finds "jose" for "josé" too.
    return {key: row_id for key, row_id in found.items() if key in wanted}


def record_plan(by: Actor, entity: str, plan: Plan[Draft], ids: Sequence[int]) -> None:
    """Add an audit row for each new draft and each edit; `ids` are those of `plan.new`, in its order."""
    changes = [Change("create", entity, row_id, _all_of(draft)) for row_id, draft in zip(ids, plan.new, strict=True)]
    changes += [Change("update", entity, edit.id, differences(edit.before, edit.after)) for edit in plan.edits]
    for part in in_chunks(changes):
        record_many(by, part)


def _all_of(draft: "DataclassInstance") -> dict[str, tuple[Any, Any]]:
    values = ((one.name, getattr(draft, one.name)) for one in fields(draft))
    return {name: (None, value) for name, value in values if value is not None}
