"""Modules, classes, cohorts, modes and departments: read by all, written by the office. Five kinds of one shape."""

from collections.abc import Mapping
from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _

from portal.api.blueprint import bp
from portal.api.conditional import version_seen
from portal.api.errors import refuse
from portal.api.operations import Reply, View, operation
from portal.api.paging import page_reply
from portal.api.queries.entries import list_entries
from portal.api.schemas.catalogue import SHAPES, Shapes
from portal.catalogue.kinds import KINDS, Kind
from portal.catalogue.queries.entries import Entry, department_names, find_entry
from portal.catalogue.services.entries import change_entry, create_entry, delete_entry, set_active
from portal.extensions import db
from portal.jobs.services import start_job
from portal.roles import Role
from portal.web.access import actor, audience, everyone, shared

_writers = audience(Role.MANAGER, Role.ADMIN)


def _hang(kind: Kind, shapes: Shapes) -> None:
    """The operations of a kind, each under a name of its own: `index_modules`, `add_module`, …"""
    many, one = f"/{kind.name}", f"/{kind.name}/<id:entry_id>"
    word, words = shapes.singular, kind.name
    shown, whole, part = shapes.shown, shapes.whole, shapes.change
    reads = operation(f"List {words}", query=shapes.query, answer=list[shown])  # type: ignore[valid-type]
    adds = operation(f"Make a {word}", body=whole, answer=shown, status=201)
    finds = operation(f"Read a {word}", answer=shown)
    puts = operation(f"Write a {word} anew", body=whole, answer=shown)
    patches = operation(f"Change a {word}", body=part, answer=shown)
    deletes = operation(f"Delete a {word}", status=204)
    views = _views(kind, shapes)
    for method, path, name, guard, declare in (
        ("GET", many, f"index_{words}", everyone, reads),
        ("POST", many, f"add_{word}", _writers, adds),
        ("GET", one, f"show_{word}", everyone, finds),
        ("PUT", one, f"replace_{word}", _writers, puts),
        ("PATCH", one, f"change_{word}", _writers, patches),
        ("DELETE", one, f"remove_{word}", _writers, deletes),
    ):
        declared = declare(views[name.partition("_")[0]])
        view = guard(shared(declared) if path == one else declared)
        bp.add_url_rule(path, name, view, methods=[method])


def _views(of: Kind, shapes: Shapes) -> Mapping[str, View]:
    """What is done, by the first word of an operation's name."""

    def index(query: Any) -> Reply:
        """The entries that a search lets through, in use or retired."""
        rows, total = list_entries(
            of, query.q, query.is_active, sort=query.sort, offset=query.offset, limit=query.limit
        )
        return page_reply([shapes.shown.of(row) for row in rows], total, query)

    def show(entry_id: int) -> Reply:
        """One entry."""
        return _reply(of, shapes, entry_id)

    return {"index": index, "show": show, **_writes(of, shapes)}


def _writes(of: Kind, shapes: Shapes) -> Mapping[str, View]:
    def add(body: Any) -> Reply:
        """A new entry; its key must be free."""
        values = body.model_dump(exclude={"version", "is_active"})
        _check_department(values)
        entry_id = create_entry(of, values, actor())
        if not body.is_active:
            set_active(of, entry_id, False, actor())
        db.session.commit()
        return _reply(of, shapes, entry_id, {"Location": url_for(f"api.show_{shapes.singular}", entry_id=entry_id)})

    def replace(entry_id: int, body: Any) -> Reply:
        """The whole of an entry: what is left out becomes empty, or what it is for a new one."""
        return _change(of, shapes, entry_id, body, body.model_dump(exclude={"version"}))

    def change(entry_id: int, body: Any) -> Reply:
        """A part of an entry; what is left out stays."""
        return _change(of, shapes, entry_id, body, body.model_dump(exclude_unset=True, exclude={"version"}))

    def remove(entry_id: int) -> None:
        """An entry that nothing names; any other can be retired: `{"is_active": false}`."""
        version_seen(None, _find(of, entry_id).version)
        delete_entry(of, entry_id, actor())
        db.session.commit()

    return {"add": add, "replace": replace, "change": change, "remove": remove}


def _change(of: Kind, shapes: Shapes, entry_id: int, body: Any, sent: dict[str, Any]) -> Reply:
    present = _find(of, entry_id)
    seen = version_seen(body.version, present.version)
    is_active = sent.pop("is_active", None)
    _check_department(sent)
    changed = change_entry(of, entry_id, {**present.values, **sent}, seen, actor())
    if is_active is not None:
        set_active(of, entry_id, is_active, actor())
    if changed.keys() & of.plans:  # the weekly logs that depend on it are planned anew by the worker
        start_job("replan", actor(), back=of.name, mode_id=entry_id)
    db.session.commit()
    return _reply(of, shapes, entry_id)


def _check_department(values: Mapping[str, Any]) -> None:
    department = values.get("department_id")
    if department is not None and not department_names([department]):
        refuse(400, _("There is no such entry. Choose one from the list."), field="department_id")


def _reply(of: Kind, shapes: Shapes, entry_id: int, headers: Mapping[str, str] | None = None) -> Reply:
    found = _find(of, entry_id)
    return Reply(shapes.shown.of(found), {"ETag": f'"{found.version}"', **(headers or {})})


def _find(of: Kind, entry_id: int) -> Entry:
    return find_entry(of, entry_id) or abort(404)


for _name, _shapes in SHAPES.items():
    _hang(KINDS[_name], _shapes)
