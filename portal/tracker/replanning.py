"""Planning weekly logs anew in the worker, after the calendar or a mode changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal.bulk import in_chunks
from portal.catalogue.calendar import rules_of
from portal.config.present import present_settings
from portal.errors import lazy
from portal.jobs import works
from portal.jobs.works import Owner, Params, Progress, Work
from portal.tracker.queries.planned import offerings_between, offerings_in_mode
from portal.tracker.services import plan_logs


def init_replanning() -> None:
    """Make the work known."""
    works.register("replan", Work(_run, _title, _address, is_own=False))


def _run(params: Params, _owner: Owner, progress: Progress) -> dict[str, Any]:
    if "mode_id" in params:
        ids = offerings_in_mode(params["mode_id"])
    else:
        ids = offerings_between(date.fromisoformat(params["first"]), date.fromisoformat(params["last"]))
    progress.begin(lazy("Planning weekly logs"), len(ids))
    rules = rules_of(present_settings())
    for part in in_chunks(ids):
        plan_logs(part, rules)
        progress.advance(len(part))
    return {"count": len(ids)}


def _title(_params: Params) -> str:
    return str(_("Planning weekly logs anew"))


def _address(params: Params, _result: Mapping[str, Any]) -> str:
    return url_for("catalogue.entries", kind=params["back"])
