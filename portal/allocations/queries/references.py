"""Modules, classes and cohorts as a course names them: found by key, and offered while someone types."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.allocations.queries.filters import KEY_END, holds, holds_any_case, words_of
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.catalogue.queries.scopes import modules_within
from portal.extensions import db
from portal.scoping import present_scope

MOST = 8


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry of the catalogue: its key as people type it, and what else it is called."""

    id: int
    key: str
    note: str


@dataclass(frozen=True, slots=True)
class _Kind:
    model: Any
    key: InstrumentedAttribute[str]
    name: InstrumentedAttribute[str]
    folded: InstrumentedAttribute[str]


# By what a form calls them.
KINDS: Mapping[str, _Kind] = {
    "module": _Kind(Module, Module.code, Module.name, Module.name_folded),
    "class": _Kind(ClassGroup, ClassGroup.name, ClassGroup.name, ClassGroup.name_folded),
    "cohort": _Kind(Cohort, Cohort.code, Cohort.name, Cohort.name_folded),
}


def list_references(kind: str, text: str) -> Sequence[Reference]:
    """At most eight entries in use that hold every word typed, those whose key begins with it first. One statement.

    Of modules only those that the present scope may make courses of.
    """
    of = KINDS[kind]
    wanted, scope = select(of.model.id, of.key, of.name).where(of.model.is_active), present_scope()
    if scope is not None and of.model is Module:
        wanted = wanted.where(modules_within(scope))
    for word in words_of(text):
        wanted = wanted.where(or_(holds(of.folded, word), holds_any_case(of.key, word)))
    begins = of.key.ilike(f"{_plain(text)}%", escape="/")
    rows: Iterable[Any] = db.session.execute(wanted.order_by(begins.desc(), of.key).limit(MOST))
    return [Reference(row_id, key, name if name != key else "") for row_id, key, name in rows]


def _plain(text: str) -> str:
    """A text in which % and _ stand for themselves."""
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


def find_reference(kind: str, text: str) -> Reference | None:
    """The entry in use that was typed, by its key alone or as the type-ahead writes it; None for no such one."""
    of = KINDS[kind]
    key = text.partition(KEY_END)[0].strip()
    spellings = sorted({text.strip(), key, key.upper(), key.lower()})
    wanted = select(of.model.id, of.key, of.name).where(of.key.in_(spellings))
    found = [Reference(*row) for row in db.session.execute(wanted.where(of.model.is_active)).all()]
    # MariaDB finds "jose" for "josé" too: what is spelt exactly so comes first.
    found.sort(key=lambda one: spellings.index(one.key) if one.key in spellings else len(spellings))
    return next((one for one in found if one.key in {text.strip(), key}), found[0] if found else None)


def keys_of(module_id: int | None, class_id: int | None, cohort_id: int | None, mode_id: int) -> dict[str, str]:
    """What a course's parts are called, by kind. One statement for each."""
    ids = {"module": module_id, "class": class_id, "cohort": cohort_id}
    found = {
        kind: db.session.scalar(select(KINDS[kind].key).where(KINDS[kind].model.id == row_id)) or ""
        for kind, row_id in ids.items()
        if row_id is not None
    }
    return found | {"mode": db.session.scalar(select(Mode.name).where(Mode.id == mode_id)) or ""}
