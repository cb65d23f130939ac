"""The steps of an import in pages: uploaded, read, checked, carried out. Version and state decide each, once only."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, delete, select, update

from portal import clock
from portal.audit.services import Actor
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, lazy
from portal.exchange.models import ImportRow, ImportRun, ImportState
from portal.exchange.services.noting import BROKEN
from portal.exchange.services.parts import Part, as_json
from portal.exchange.services.results import Verdict
from portal.extensions import db
from portal.jobs.models import UNDER_WAY, Job
from portal.jobs.services import start_job

CHECK, WRITE = "import_check", "import_write"
KEPT = timedelta(days=30)
# An export can be had again at any time.
EXPORTS_KEPT = timedelta(days=1)
_AT_ONCE = 1_000
_RUNS = cast(Table, ImportRun.__table__)
_OPEN = (ImportState.UPLOADED, ImportState.CHECKED)


def open_run(parts: Sequence[Part], by: Actor) -> int:
    """Note an upload; gives its id."""
    names = list(dict.fromkeys(part.name.partition(" · ")[0] for part in parts))
    run = ImportRun(
        started_by=by.user_id,
        source=", ".join(names)[:255],
        counts={},
        state=ImportState.UPLOADED,
        files=as_json(parts),
    )
    db.session.add(run)
    db.session.flush()
    return run.id


def begin_check(run_id: int, version: int, parts: Sequence[Part], by: Actor) -> int:
    """Have these parts checked as they are read now; gives the job. Raises DomainError and Conflict."""
    chosen = [part.kind for part in parts if part.is_read]
    if not chosen:
        raise DomainError(lazy("Say of at least one file what it is."))
    if len(set(chosen)) < len(chosen) or any(part.missing() for part in parts if part.is_read):
        raise DomainError(lazy("Choose what is missing, and each kind once."))
    job_id = start_job(CHECK, by, run_id=run_id, version=version + 1)
    _step(run_id, version, _OPEN, state=ImportState.UPLOADED, files=as_json(parts), counts={}, job_id=job_id)
    return job_id


def begin_writing(
    run_id: int, version: int, counts: Mapping[str, Mapping[str, int]], by: Actor, *, skip_errors: bool
) -> int:
    """Have a checked run carried out; gives the job. Raises DomainError and Conflict."""
    if any(found.get(BROKEN) for found in counts.values()):
        raise DomainError(lazy("There are files that cannot be read. Mend them, or leave them out."))
    errors = sum(found.get(Verdict.ERROR.value, 0) for found in counts.values())
    if errors and not skip_errors:
        raise DomainError(lazy("There are rows with errors. Mend them, or import without them."))
    job_id = start_job(WRITE, by, run_id=run_id, version=version + 1, skip_errors=skip_errors)
    _step(run_id, version, (ImportState.CHECKED,), job_id=job_id)
    return job_id


def discard(run_id: int, version: int) -> None:
    """Give a run up. Raises Conflict when it is being worked on or was carried out."""
    _step(run_id, version, _OPEN, state=ImportState.DISCARDED)
    db.session.execute(delete(ImportRow).where(ImportRow.run_id == run_id))


def _step(run_id: int, version: int, states: Sequence[ImportState], **values: Any) -> None:
    """Take a step if the run is as it was seen, and nobody works on it."""
    busy = select(Job.id).where(Job.id == _RUNS.c.job_id, Job.state.in_(UNDER_WAY)).exists()
    taken = db.write(
        update(_RUNS)
        .where(_RUNS.c.id == run_id, _RUNS.c.version == version, _RUNS.c.state.in_(states), ~busy)
        .values(version=_RUNS.c.version + 1, updated_at=clock.now(), **values)
    )
    if not taken:
        raise Conflict(
            lazy("This import went on meanwhile, in another window or by somebody else. This is how it stands.")
        )


def delete_files(folder: Path, parts: Sequence[Part]) -> None:
    """Delete the files of a run that was given up."""
    for token in {part.path.partition("/")[0] for part in parts}:
        shutil.rmtree(folder / token, ignore_errors=True)


def delete_old_files(folder: Path, now: datetime) -> int:
    """Delete what was uploaded or exported long ago; gives how many folders went."""
    gone = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        kept = EXPORTS_KEPT if path.name.startswith("export-") else KEPT
        if datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo) <= now - kept:
            shutil.rmtree(path, ignore_errors=True)
            gone += 1
    return gone


def delete_some_old_rows(now: datetime) -> int:
    """Delete some rows of reports that are past their time, and close runs that nobody confirmed; gives how many.

    To be committed after each call, so that nobody waits for a long deletion.
    """
    old = ImportRun.created_at <= now - KEPT
    db.session.execute(
        update(ImportRun).where(old, ImportRun.state.in_(_OPEN)).values(state=ImportState.DISCARDED),
        execution_options=IN_PLACE,
    )
    wanted = select(ImportRow.id).join(ImportRun, ImportRun.id == ImportRow.run_id).where(old).limit(_AT_ONCE)
    ids = db.session.scalars(wanted).all()
    if ids:
        db.session.execute(delete(ImportRow).where(ImportRow.id.in_(ids)), execution_options=IN_PLACE)
    return len(ids)
