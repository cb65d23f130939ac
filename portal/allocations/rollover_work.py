"""Copying a term in the worker."""

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal.allocations.forms.rollover import rollover_of
from portal.allocations.services.rollover import copy_term
from portal.errors import lazy
from portal.jobs import works
from portal.jobs.works import Owner, Params, Progress, Work
from portal.web.locale import present_day


def init_rollover_work() -> None:
    """Make the work known."""
    works.register("rollover", Work(_run, _title, _address))


def _run(params: Params, owner: Owner, progress: Progress) -> dict[str, Any]:
    progress.begin(lazy("Copying courses"), int(params["count"]))
    today = present_day()
    return {"batch": copy_term(rollover_of(params["rollover"]), params["seen"], owner, today, progress.advance)}


def _title(params: Params) -> str:
    year, trimester = params["rollover"]["target"]
    return str(_("Copying courses into trimester %(trimester)s of %(year)s", trimester=trimester, year=year))


def _address(params: Params, result: Mapping[str, Any]) -> str:
    if "batch" in result:
        return url_for("allocations.bulk_done", batch_id=result["batch"])
    return url_for("allocations.rollover", **params["asked"])
