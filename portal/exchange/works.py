"""What the worker does for imports in pages: check, and carry out what was confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal.catalogue.calendar import rules_of
from portal.config.present import present_settings
from portal.database import only_reading
from portal.errors import Conflict, lazy
from portal.exchange import queries, services
from portal.exchange.notices import tell_checked, tell_done
from portal.exchange.refusals import database_errors
from portal.exchange.services import Checked, noting, parts, runs
from portal.exchange.services.holding import hold
from portal.exchange.services.packing import pack_everything
from portal.extensions import db
from portal.jobs import works
from portal.jobs.works import Owner, Params, Progress, Work


def init_works() -> None:
    """Make the work known."""
    works.register(runs.CHECK, Work(check, lambda _params: str(_("Checking your files")), _address))
    works.register(EXPORT, Work(export, lambda _params: str(_("Exporting everything")), _address_of_export))
    works.register(runs.WRITE, Work(carry_out, lambda _params: str(_("Importing your files")), _address))


EXPORT = "export_all"


def imports_folder() -> Path:
    """Where uploaded files lie until they are no longer needed; web server and worker both see it."""
    return Path(present_settings().portal_data_dir) / "imports"


def _address(params: Params, _result: Mapping[str, Any]) -> str:
    return url_for("imports.show", run_id=params["run_id"])


def _address_of_export(_params: Params, _result: Mapping[str, Any]) -> str:
    return url_for("imports.export")


def export(params: Params, owner: Owner, progress: Progress) -> dict[str, Any]:
    """Write all files as they are at this moment. Nobody is kept from writing meanwhile."""
    with only_reading():
        path, exported = pack_everything(imports_folder(), progress, as_workbooks=params["format"] == "xlsx")
        db.session.rollback()
    return {"path": path, "files": {file.path.name: file.rows for file in exported}}


@dataclass(frozen=True, slots=True)
class _Looked:
    """A check of the files as they are, with its digest and that of the check that was confirmed."""

    checked: Checked
    digest: str
    confirmed: str
    source: str


def _look(params: Params, progress: Progress) -> _Looked:
    """Check a run's files. Nobody is kept from writing meanwhile."""
    with only_reading():
        run = queries.find_run(params["run_id"])
        if run is None or run.version != params["version"]:
            raise Conflict(lazy("This import was changed or discarded meanwhile. Nothing was written."))
        tables, folder = parts.from_json(run.files), imports_folder()
        checked = services.check_files(run.source, parts.sources(tables, folder), progress)
        digest = noting.digest_of(checked, parts.digest_of_files(tables, folder))
        db.session.rollback()
    return _Looked(checked, digest, run.digest, run.source)


def check(params: Params, owner: Owner, progress: Progress) -> dict[str, Any]:
    """Check the files of a run and keep what was found."""
    _keep(_look(params, progress), params, owner, progress, has_changed=False)
    return {}


def _keep(found: _Looked, params: Params, owner: Owner, progress: Progress, *, has_changed: bool) -> None:
    report, notes = found.checked.report, noting.notes_on(found.checked, has_changed=has_changed)
    run_id, version = params["run_id"], params["version"]
    noting.keep_result(run_id, version, report, notes, found.digest, progress)
    tell_checked(owner, run_id, version, found.source, len(report.errors))


def carry_out(params: Params, owner: Owner, progress: Progress) -> dict[str, Any]:
    """Write what a run's files ask for, if that is still what was confirmed; else keep the new result to be seen."""
    found = _look(params, progress)
    if found.digest != found.confirmed:
        _keep(found, params, owner, progress, has_changed=True)
        return {"has_changed": True}
    skip_errors = params["skip_errors"]
    with database_errors(is_repeated=True):
        hold(found.checked.term)
        rules = rules_of(present_settings())
        written = services.write(found.checked, rules, owner, skip_errors=skip_errors, progress=progress)
        noting.finish_run(params["run_id"], params["version"], found.checked.report, skip_errors=skip_errors)
        tell_done(owner, params["run_id"], found.source, written.rows)
    logs = written.logs.created + written.logs.changed + written.logs.deleted
    return {"rows": written.rows, "logs": logs, "overfull": written.overfull}
