"""Making, changing, retiring and deleting one entry of the catalogue."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal.audit.services import Actor, record
from portal.catalogue.kinds import Kind
from portal.catalogue.queries.entries import department_names, find_alike, uses_of
from portal.catalogue.services.scoping import check_department, check_new, check_own
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db

Values = Mapping[str, Any]


def create_entry(kind: Kind, values: Values, by: Actor) -> int:
    """A new entry; gives its id.

    Raises DomainError on the field that breaks a rule, Conflict on the key when there is one of it already; its facts
    hold that entry's id as `entry_id`.
    """
    _check(values)
    check_new(kind)
    check_department(values, None)
    _refuse_twin(kind, values)
    entry = kind.model(**values)
    try:
        with db.session.begin_nested():
            db.session.add(entry)
    except IntegrityError as error:
        raise _refused(kind, values) from error
    known = {name: (None, value) for name, value in values.items() if value is not None}
    record(by, "create", kind.model.__tablename__, entry.id, **known)
    return int(entry.id)


def change_entry(kind: Kind, entry_id: int, values: Values, expected_version: int, by: Actor) -> Mapping[str, Any]:
    """Give an entry other values; what changed, as (before, after) by field, empty when it stood so already.

    Raises as `create_entry`, NotFound, and Conflict on "version" when somebody changed it since `expected_version`.
    """
    _check(values)
    check_own(kind, entry_id)
    entry = _locked(kind, entry_id, expected_version)
    check_department(values, getattr(entry, "department_id", None))
    changed = {name: (getattr(entry, name), value) for name, value in values.items() if getattr(entry, name) != value}
    if not changed:
        return {}
    _refuse_twin(kind, values, entry_id)
    try:
        with db.session.begin_nested():
            for name, (_before, after) in changed.items():
                setattr(entry, name, after)
            entry.version += 1
    except IntegrityError as error:
        raise _refused(kind, values) from error
    record(by, "update", kind.model.__tablename__, entry_id, **changed)
    return changed


def set_active(kind: Kind, entry_id: int, is_active: bool, by: Actor) -> bool:
    """Take an entry out of use, or bring it back; False when it stood so already. What names it keeps it.

    Raises NotFound.
    """
    check_own(kind, entry_id)
    model = kind.model
    done = db.write(
        update(model)
        .where(model.id == entry_id, model.is_active != is_active)
        .values(is_active=is_active, version=model.version + 1)
    )
    if done:
        record(by, "update", model.__tablename__, entry_id, is_active=(not is_active, is_active))
        return True
    if db.session.scalar(select(model.id).where(model.id == entry_id)) is None:
        raise NotFound(lazy("There is no such entry."))
    return False


def delete_entry(kind: Kind, entry_id: int, by: Actor) -> bool:
    """Delete an entry that nothing names; False when it is gone already. Raises Conflict when it is used."""
    check_own(kind, entry_id)
    model = kind.model
    row = db.session.execute(
        select(*(getattr(model, name) for name in kind.fields), uses_of(kind).label("uses")).where(model.id == entry_id)
    ).one_or_none()
    if row is None:
        return False
    used = Conflict(lazy("This is used: it can be retired, but not deleted."))
    if row.uses:
        raise used
    try:
        with db.session.begin_nested():
            gone = db.write(delete(model).where(model.id == entry_id))
    except IntegrityError as error:
        raise used from error
    if gone:
        values = {name: (getattr(row, name), None) for name in kind.fields if getattr(row, name) is not None}
        record(by, "delete", model.__tablename__, entry_id, **values)
    return bool(gone)


def _locked(kind: Kind, entry_id: int, expected_version: int) -> Any:
    entry = db.session.get(kind.model, entry_id, populate_existing=True, with_for_update=True)
    if entry is None:
        raise NotFound(lazy("There is no such entry."))
    if entry.version != expected_version:
        raise Conflict(lazy("Somebody else changed this meanwhile. Look at it again."), "version",
                       {"version": entry.version})  # fmt: skip
    return entry


def _check(values: Values) -> None:
    start, end = values.get("start_date"), values.get("end_date")
    if start is None or end is None:
        return
    # A cohort ends after it starts; a break may be one day, and ends on it.
    is_break = "program" not in values
    if end < start or (end == start and not is_break):
        raise DomainError(lazy("The last day must come after the first day."), "end_date")
    if is_break and (end - start).days > _LONGEST_BREAK:
        raise DomainError(lazy("A break of more than a year is no break."), "end_date")


_LONGEST_BREAK = 366


def _refuse_twin(kind: Kind, values: Values, but: int | None = None) -> None:
    alike = find_alike(kind, values)
    if alike is not None and alike != but:
        raise _taken(kind, values)


def _refused(kind: Kind, values: Values) -> DomainError:
    """Why the database refused an entry: its department was deleted a moment ago, or somebody made the same."""
    department = values.get("department_id")
    if department is not None and not department_names([department]):
        return DomainError(lazy("There is no such entry. Choose one from the list."), "department_id")
    return _taken(kind, values)


def _taken(kind: Kind, values: Values) -> Conflict:
    message = lazy("There is “%(key)s” already.", key=values[kind.key])
    return Conflict(message, kind.key, {"entry_id": find_alike(kind, values)})
