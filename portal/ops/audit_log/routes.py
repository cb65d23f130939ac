"""The audit log: a page for administrators, and all of it as a file."""

from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import ngettext
from flask_login import current_user

from portal.ops.audit_log import queries, words
from portal.ops.audit_log.exporting import export_lines
from portal.ops.audit_log.forms import AuditForm
from portal.ops.audit_log.queries import COUNTED, AuditFilter
from portal.ops.audit_log.telling import tell
from portal.roles import Role
from portal.web.access import audience
from portal.web.bare import bare
from portal.web.htmx import list_fragment, wants_fragment
from portal.web.locale import zone_of_reader
from portal.web.pages import page

bp = Blueprint("audit_log", __name__)


@bp.get("/admin/audit/")
@audience(Role.ADMIN)
def index() -> str | Response:
    """What was changed, newest first, as an address asks for it."""
    form = AuditForm.from_args(request.args, zone_of_reader())
    wanted = queries.with_people(form.wanted)
    found = queries.page_of_events(wanted, form.page)
    count = queries.count_events(wanted)
    asked = _asked_for(form.wanted)
    events, names = tell(found.rows, list(asked.values()))
    context: dict[str, Any] = {
        "form": form,
        "events": events,
        "found": found,
        "count": count,
        "counted": COUNTED,
        "only": {what: names.get(pair) for what, pair in asked.items()},
    }
    if not wants_fragment():
        return page("ops/audit/page.html", actions=_sorted(words.ACTIONS), entities=_sorted(words.ENTITIES), **context)
    at = {"at": request.args["at"]} if form.page.cursor else {}
    said = ngettext("%(num)s change", "%(num)s changes", count)
    return list_fragment("ops/audit/_results.html", url_for(".index", **form.to_args(**at)), said, **context)


@bp.get("/admin/audit.csv")
@audience(Role.ADMIN)
def export() -> Response:
    """All that the filter lets through, as CSV; sent while it is read."""
    form = AuditForm.from_args(request.args, zone_of_reader())
    app = bare(current_app)
    lines = export_lines(app, queries.with_people(form.wanted), current_user.id)
    answer = Response(lines, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _asked_for(wanted: AuditFilter) -> dict[str, tuple[str, int]]:
    """The one person and the one thing of which the address asks, as kind and id."""
    person = {"person": ("users", wanted.actor_id)} if wanted.actor_id else {}
    is_thing = wanted.entity and wanted.entity_id is not None
    return person | ({"thing": (wanted.entity, wanted.entity_id or 0)} if is_thing else {})


def _sorted(known: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted(((name, str(word)) for name, word in known.items()), key=lambda pair: pair[1].lower())
