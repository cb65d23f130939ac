"""The audit log: a page for administrators, and all of it as a file."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request, url_for
from flask_babel import ngettext

from portal.database import only_reading
from portal.formulas import guard
from portal.ops.audit_log import queries, words
from portal.ops.audit_log.forms import AuditForm
from portal.ops.audit_log.queries import COUNTED, AuditFilter, EventRow
from portal.ops.audit_log.things import Thing, name_things
from portal.roles import Role
from portal.web.access import audience
from portal.web.htmx import fragment, wants_fragment
from portal.web.locale import zone_of_reader
from portal.web.pages import page

bp = Blueprint("audit_log", __name__, url_prefix="/admin/audit")

_COLUMNS = ("when", "actor_id", "actor", "action", "entity", "entity_id", "field", "before", "after", "request_id")


@dataclass(frozen=True, slots=True)
class Event:
    """An event in the reader's language: the deed, the kind of thing and what it is called, and each field."""

    row: EventRow
    action: str
    kind: str
    thing: Thing | None
    fields: tuple[tuple[str, str, str], ...]


@bp.get("/")
@audience(Role.ADMIN)
def index() -> str | Response:
    """What was changed, newest first, as an address asks for it."""
    form = AuditForm.from_args(request.args, zone_of_reader())
    found = queries.page_of_events(form.wanted, form.page)
    count = queries.count_events(form.wanted)
    names = name_things((row.entity, row.entity_id) for row in found.rows)
    events = [_in_words(row, names.get((row.entity, row.entity_id))) for row in found.rows]
    one = name_things([(form.wanted.entity, form.wanted.entity_id)]) if form.wanted.entity_id else {}
    context: dict[str, Any] = {
        "form": form,
        "events": events,
        "found": found,
        "count": count,
        "counted": COUNTED,
        "only": next(iter(one.values()), None),
    }
    if not wants_fragment():
        return page("ops/audit/page.html", actions=_sorted(words.ACTIONS), entities=_sorted(words.ENTITIES), **context)
    answer = fragment("ops/audit/_results.html", **context)
    at = {"at": request.args["at"]} if form.page.cursor else {}
    answer.headers["HX-Push-Url"] = url_for(".index", **form.to_args(**at))
    said = ngettext("%(num)s change", "%(num)s changes", count)
    answer.headers["HX-Trigger"] = json.dumps({"announce": {"text": said}})
    return answer


@bp.get("/export.csv")
@audience(Role.ADMIN)
def export() -> Response:
    """All that the filter lets through, as CSV with a line for each field; sent while it is read."""
    form = AuditForm.from_args(request.args, zone_of_reader())
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    answer = Response(_lines(app, form.wanted), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _sorted(known: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted(((name, str(word)) for name, word in known.items()), key=lambda pair: pair[1].lower())


def _in_words(row: EventRow, thing: Thing | None) -> Event:
    fields = tuple(
        (words.field_in_words(name), words.value_in_words(before), words.value_in_words(after))
        for name, (before, after) in row.changes.items()
    )
    return Event(row, words.action_in_words(row.action), words.entity_in_words(row.entity), thing, fields)


def _lines(app: Flask, wanted: AuditFilter) -> Iterator[str]:
    yield "\ufeff" + _csv([_COLUMNS])
    last: int | None = None
    while events := _events_before(app, wanted, last):
        yield _csv(line for event in events for line in _cells(event))
        last = events[-1].id


def _events_before(app: Flask, wanted: AuditFilter, event_id: int | None) -> Sequence[EventRow]:
    """In a context of its own: nothing stays open while a slow reader takes what is there, or has gone away."""
    with app.app_context(), only_reading():
        return queries.events_before(wanted, event_id)


def _cells(event: EventRow) -> Iterator[tuple[str, ...]]:
    """The lines of an event: one for each field, or one without any."""
    start = (
        event.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        str(event.actor_id or ""),
        guard(event.actor or ""),
        event.action,
        event.entity,
        str(event.entity_id),
    )
    for name, (before, after) in event.changes.items() or [("", ("", ""))]:
        yield (*start, name, guard(_plain(before)), guard(_plain(after)), event.request_id or "")


def _plain(value: Any) -> str:
    """A value for machines: numbers and words as they are, the rest as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _csv(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
