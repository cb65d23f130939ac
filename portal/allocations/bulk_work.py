"""The bulk changes that are too long for a request: done by the worker, from the parameters that a person saw."""

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import format_decimal, ngettext
from werkzeug.datastructures import MultiDict

from portal.allocations.forms.bulk import change_of, read_request
from portal.allocations.queries.selections import list_mode_names
from portal.allocations.services.bulk_changes import change_courses
from portal.errors import Conflict, lazy
from portal.jobs import works
from portal.jobs.works import Owner, Params, Progress, Work
from portal.web.locale import present_day


def init_bulk_work() -> None:
    """Make the work known."""
    works.register("bulk_change", Work(_run, _title, _address))


def _run(params: Params, owner: Owner, progress: Progress) -> dict[str, Any]:
    args = _args(params)
    asked = read_request(args, list_mode_names())
    change = change_of(asked) if asked else None
    if asked is None or change is None:
        raise Conflict(lazy("Courses were changed since you looked. Nothing was changed yet; look at it again."))
    progress.begin(lazy("Changing courses"), 0)
    today = present_day()
    return {"batch": change_courses(asked.selection, change, asked.seen, owner, today)}


def _title(params: Params) -> str:
    n = int(params["count"])
    return str(ngettext("Changing %(count)s course", "Changing %(count)s courses", n, count=format_decimal(n)))


def _address(params: Params, result: Mapping[str, Any]) -> str:
    """What was done; else the preview again."""
    if "batch" in result:
        return url_for("allocations.bulk_done", batch_id=result["batch"])
    asked: dict[str, Any] = _args(params).to_dict(flat=False)
    asked.pop("seen", None)
    return url_for("allocations.bulk", **asked)


def _args(params: Params) -> MultiDict[str, str]:
    return MultiDict([(name, value) for name, value in params["pairs"]])
