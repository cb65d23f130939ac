"""The inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.extensions import db
from portal.folding import whole_number
from portal.notifications import queries, services
from portal.notifications.groups import Group, group_named, groups_of
from portal.notifications.kinds import Kind, Line, group_of, kind_of
from portal.notifications.queries import EntryFilter, EntryRow
from portal.notifications.routes.blueprint import bp
from portal.paging import Cursor, PageRequest
from portal.web.access import everyone
from portal.web.htmx import fragment
from portal.web.pages import page

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the inbox in the reader's language."""

    row: EntryRow
    kind: Kind
    title: str
    lines: tuple[Line, ...]


@bp.get("/")
@everyone
def index() -> str:
    """What a person was told, newest first: all of it, what is unread, what is of one group."""
    at, group, groups = request.args.get("at"), request.args.get("group", ""), _groups()
    asked = EntryFilter("unread" in request.args, group if group in {one.name for one in groups} else "")
    wanted = PageRequest("told", descending=True, cursor=Cursor.decode(at), size=PAGE_SIZE)
    found = queries.page_of_entries(current_user.id, wanted, asked)
    entries = [entry for row in found.rows if (entry := _in_words(row))]
    return page("notifications/page.html", entries=entries, found=found, at=at, asked=asked, groups=groups)


def _groups() -> Sequence[Group]:
    """The groups of the kinds of which the person is told, or was when they had another role."""
    kinds = queries.kinds_told(current_user.id)
    told = {group_of(kind) for kind in kinds}
    named = {group.name: group for group in groups_of(current_user.roles)} | {name: group_named(name) for name in told}
    return [group for name, group in named.items() if name in told]


@bp.get("/bell")
@everyone
def bell() -> Response:
    """The bell of the top bar: asked for when there may be something new."""
    return fragment("layout/_bell.html", unread=queries.count_unread(current_user.id))


@bp.post("/read")
@everyone
def read() -> Response:
    """Mark everything up to the newest one shown as read, or one entry, and show the same page again."""
    up_to, entry = _id("up_to"), _id("entry")
    if up_to is not None:
        services.mark_read(current_user.id, up_to=up_to, entry=entry)
        db.session.commit()
    at = request.form.get("at")
    asked: dict[str, Any] = {name: request.form[name] for name in ("unread", "group") if request.form.get(name)}
    return redirect(url_for(".index", at=at if Cursor.decode(at) else None, **asked), 303)


def _id(field: str) -> int | None:
    return whole_number(request.form.get(field)) or None


def _in_words(row: EntryRow) -> Entry | None:
    kind = kind_of(row.kind)
    return Entry(row, kind, kind.title(row.facts), tuple(kind.lines(row.facts))) if kind else None
