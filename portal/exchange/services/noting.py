"""Imports as the history keeps them: what a check found, and what was carried out."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Table, delete, insert, update

from portal import clock
from portal.audit.services import Actor
from portal.errors import Conflict, lazy, lazy_plural
from portal.exchange.models import ImportRow, ImportRun, ImportState
from portal.exchange.readers import storable
from portal.exchange.sentences import as_data
from portal.exchange.services.checking import Checked
from portal.exchange.services.results import Report, RowResult, Verdict
from portal.exchange.services.term import Term
from portal.extensions import db
from portal.jobs.works import Progress

# A row of the report that says something about a file rather than about one of its rows.
NOTE = "note"
# What stands for a whole file that cannot be read.
BROKEN = "broken"
_RUNS, _ROWS = cast(Table, ImportRun.__table__), cast(Table, ImportRow.__table__)
_CHUNK = 500
# No value that can be taken is as long.
_LONGEST_CELL = 1_000
_TAUGHT_BY = "facilitator_employee_id"


def counts_of(report: Report) -> dict[str, dict[str, int]]:
    """How many rows of each file have which verdict, as JSON holds it; a file that cannot be read is broken."""
    found = {file: {verdict.value: n for verdict, n in counts.items()} for file, counts in report.counts().items()}
    for row in report.broken:
        found[row.file] = {BROKEN: 1}
    return found


def note_run(checked: Checked, by: Actor, *, skip_errors: bool) -> None:
    """Add an import that was carried out at once to the history."""
    run = ImportRun(
        started_by=by.user_id,
        source=checked.source[:255],
        skipped_errors=skip_errors,
        counts=counts_of(checked.report),
        finished_at=clock.now(),
    )
    db.session.add(run)
    db.session.flush()


def digest_of(checked: Checked, files: str) -> str:
    """All that an import would write, before and after, with what it leaves out; `files` is the files' own hash."""
    found = hashlib.sha256(files.encode())
    for plan in (checked.term.departments.plan, *checked.term.plans()):
        found.update(b"|")
        for draft in plan.new:
            found.update(repr(draft).encode())
        for edit in plan.edits:
            found.update(repr(edit).encode())
    for row in (*checked.report.broken, *checked.report.rows):
        if row.verdict.is_left_out:
            found.update(f"{row.file}:{row.line}:{row.verdict}".encode(errors="replace"))
    return found.hexdigest()


def undone_allocations(term: Term) -> tuple[int, int]:
    """How many courses would lose the facilitator they have to another one, and how many to nobody."""
    lost = [
        edit.after.facilitator_employee_id
        for edit in term.offerings.plan.edits
        if edit.before.facilitator_employee_id not in {None, edit.after.facilitator_employee_id}
    ]
    return sum(person is not None for person in lost), sum(person is None for person in lost)


def notes_on(checked: Checked, *, has_changed: bool = False) -> list[RowResult]:
    """What a person should know before they confirm."""
    notes = []
    if has_changed:
        why = lazy(
            "The data or a file has changed since you checked, so nothing was written. "
            "Look through the new result and confirm again."
        )
        notes.append(("", "changed", why))
    other, nobody = undone_allocations(checked.term)
    if other:
        said = lazy_plural(
            "%(count)s course would go to another facilitator than it has now.",
            "%(count)s courses would go to other facilitators than they have now.",
            other,
            count=other,
        )
        notes.append(("", _TAUGHT_BY, said))
    if nobody:
        said = lazy_plural(
            "%(count)s course would lose its facilitator: the file has none for it.",
            "%(count)s courses would lose their facilitators: the file has none for them.",
            nobody,
            count=nobody,
        )
        notes.append(("", _TAUGHT_BY, said))
    notes += [(remark.file, "", remark.message) for remark in checked.report.remarks]
    return [RowResult(file, 0, Verdict.UNCHANGED, column, message=message) for file, column, message in notes]


def keep_result(
    run_id: int, version: int, report: Report, notes: Sequence[RowResult], digest: str, progress: Progress
) -> None:
    """Replace what an earlier check of a run found. Raises Conflict when the run was changed since `version`."""
    db.session.execute(delete(_ROWS).where(_ROWS.c.run_id == run_id))
    results = [*report.broken, *report.rows, *notes]
    broken, noted = len(report.broken), len(results) - len(notes)
    progress.begin(lazy("Keeping the result"), len(results))
    for begin in range(0, len(results), _CHUNK):
        part = results[begin : begin + _CHUNK]
        rows = []
        for number, result in enumerate(part, begin + 1):
            verdict = BROKEN if number <= broken else NOTE if number > noted else result.verdict.value
            rows.append({"run_id": run_id, "number": number, "verdict": verdict, **_row(result)})
        db.session.execute(insert(_ROWS), rows)
        progress.advance(len(part))
    _settle(run_id, version, state=ImportState.CHECKED, counts=counts_of(report), digest=digest)


def _row(result: RowResult) -> dict[str, Any]:
    now = clock.now()
    return {
        "file": storable(result.file, 255),
        "line": result.line,
        # Of an update the names of what changes, so that one can look for them.
        "column_name": storable(result.column or " ".join(result.changes or ()), 100),
        "value": storable(str(result.value) if result.verdict.is_left_out else result.key, 200),
        "message": as_data(result.message),
        "cells": [storable(cell, _LONGEST_CELL) for cell in result.cells],
        "changes": dict(_plain_changes(result.changes or {})),
        "created_at": now,
        "updated_at": now,
    }


def _plain_changes(changes: Mapping[str, tuple[Any, Any]]) -> Iterator[tuple[str, list[Any]]]:
    for name, pair in changes.items():
        yield name, [_plain(value) for value in pair]


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def finish_run(run_id: int, version: int, report: Report, *, skip_errors: bool) -> None:
    """Note that a run was carried out. Raises Conflict when it was changed since `version`."""
    now = clock.now()
    facts = {"counts": counts_of(report), "skipped_errors": skip_errors, "finished_at": now}
    _settle(run_id, version, state=ImportState.DONE, **facts)


def _settle(run_id: int, version: int, **values: Any) -> None:
    """Write how far a run has come, once."""
    open_ones = _RUNS.c.state.in_([ImportState.UPLOADED, ImportState.CHECKED])
    done = db.write(
        update(_RUNS)
        .where(_RUNS.c.id == run_id, _RUNS.c.version == version, open_ones)
        .values(version=_RUNS.c.version + 1, updated_at=clock.now(), **values)
    )
    if not done:
        raise Conflict(lazy("This import was changed or discarded meanwhile. Nothing was written."))
