"""Reads of the history of imports, and of what a check found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal.accounts.models import User
from portal.accounts.names import full_name
from portal.accounts.queries.personal_data import list_of
from portal.exchange.models import ImportRow, ImportRun, ImportState
from portal.extensions import db
from portal.jobs.models import UNDER_WAY, Job, JobState
from portal.jobs.queries import JobRow, find_job
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key

Counts = Mapping[str, Mapping[str, int]]
_NOTE = "note"


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """An import as the history lists it; `by` is empty for one of the command line."""

    by: str
    is_busy: bool
    id: int
    created_at: datetime
    source: str
    state: ImportState
    skipped_errors: bool
    counts: Counts

    @property
    def totals(self) -> Mapping[str, int]:
        """How many rows of all files have which verdict."""
        return totals(self.counts)


@dataclass(frozen=True, slots=True)
class RunRow:
    """An import with the job that works on it, or did so last."""

    by: str
    id: int
    created_at: datetime
    source: str
    state: ImportState
    skipped_errors: bool
    counts: Counts
    finished_at: datetime | None
    files: Sequence[Mapping[str, Any]]
    digest: str
    version: int
    job_id: int | None
    job_kind: str | None
    job_state: JobState | None
    job_result: Mapping[str, Any] | None

    @property
    def is_busy(self) -> bool:
        """Whether the worker has or will have it in its hands."""
        return self.job_state in UNDER_WAY

    @property
    def totals(self) -> Mapping[str, int]:
        """How many rows of all files have which verdict."""
        return totals(self.counts)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """What a check found for one row; `message` and `changes` as they are kept."""

    number: int
    file: str
    line: int
    verdict: str
    column: str
    value: str
    message: Mapping[str, Any]
    changes: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows of a report are wanted; empty for all. `field` is one that an update changes."""

    file: str = ""
    verdict: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """A row that cannot be written, with its cells."""

    cells: Sequence[str]
    column: str
    message: Mapping[str, Any]


def totals(counts: Counts) -> dict[str, int]:
    """How many rows of all files have which verdict."""
    found: dict[str, int] = {}
    for of_file in counts.values():
        for verdict, count in of_file.items():
            found[verdict] = found.get(verdict, 0) + count
    return found


def list_own_imports(user_id: int) -> list[dict[str, Any]]:
    """The imports that a person carried out, for the document that they may take with them. One statement."""
    wanted = select(ImportRun.created_at, ImportRun.source, ImportRun.skipped_errors, ImportRun.counts)
    return list_of(wanted.where(ImportRun.started_by == user_id).order_by(ImportRun.id))


_NAMES = (User.first_name, User.last_name)


def page_of_runs(page: PageRequest) -> Page[HistoryRow]:
    """The imports, newest first. One statement."""
    wanted = fitting(page, [])
    columns = (
        ImportRun.id, ImportRun.created_at, ImportRun.source, ImportRun.state, ImportRun.skipped_errors,
        ImportRun.counts, Job.state.label("job_state"),
    )  # fmt: skip
    statement = select(*columns, *_NAMES).outerjoin(User, User.id == ImportRun.started_by)
    statement = statement.outerjoin(Job, Job.id == ImportRun.job_id)
    rows = db.session.execute(slice_by_key(statement, [], ImportRun.id.expression, wanted)).all()
    found = [_history_row(row) for row in rows]
    return make_page(found, [(row.id,) for row in rows], wanted, 0)


def _history_row(row: Any) -> HistoryRow:
    *run, job_state, _first, _last = row
    return HistoryRow(_name(row), job_state in UNDER_WAY, *run)


def find_run(run_id: int) -> RunRow | None:
    """An import; None when there is none of this id. One statement."""
    columns = (
        ImportRun.id, ImportRun.created_at, ImportRun.source, ImportRun.state, ImportRun.skipped_errors,
        ImportRun.counts, ImportRun.finished_at, ImportRun.files, ImportRun.digest, ImportRun.version,
    )  # fmt: skip
    job = (Job.id, Job.kind, Job.state, Job.result)
    statement = select(*columns, *job, *_NAMES).outerjoin(User, User.id == ImportRun.started_by)
    statement = statement.outerjoin(Job, Job.id == ImportRun.job_id).where(ImportRun.id == run_id)
    row: Any = db.session.execute(statement).one_or_none()
    if row is None:
        return None
    *facts, _first, _last = row
    return RunRow(_name(row), *facts)


def _name(row: Any) -> str:
    return full_name(row.first_name, row.last_name)


def find_latest_job(owner_id: int, kind: str) -> JobRow | None:
    """The last job of a kind that somebody began; None when they began none. Two statements."""
    latest = select(func.max(Job.id)).where(Job.owner_id == owner_id, Job.kind == kind)
    job_id = db.session.scalar(latest)
    return find_job(job_id, owner_id) if job_id else None


_RESULT = (
    ImportRow.number, ImportRow.file, ImportRow.line, ImportRow.verdict, ImportRow.column_name, ImportRow.value,
    ImportRow.message, ImportRow.changes,
)  # fmt: skip


def list_notes(run_id: int) -> Sequence[ResultRow]:
    """What a check has to say beside its rows. One statement."""
    wanted = select(*_RESULT).where(ImportRow.run_id == run_id, ImportRow.verdict == _NOTE)
    return [ResultRow(*row) for row in db.session.execute(wanted.order_by(ImportRow.number))]


def page_of_rows(run_id: int, which: RowFilter, page: PageRequest, total: int | None) -> Page[ResultRow]:
    """The rows of a report in the order of the files. One statement, and one more when `total` is not known."""
    wanted = fitting(page, [])
    conditions = [ImportRow.run_id == run_id]
    conditions.append(ImportRow.verdict == which.verdict if which.verdict else ImportRow.verdict != _NOTE)
    if which.file:
        conditions.append(ImportRow.file == which.file)
    if which.field:
        conditions.append(ImportRow.column_name.contains(which.field, autoescape=True))
    if total is None:
        total = db.session.scalar(select(func.count()).select_from(ImportRow).where(*conditions)) or 0
    statement = select(*_RESULT).where(*conditions)
    sliced = slice_by_key(statement, [], ImportRow.number.expression, wanted)
    rows = [ResultRow(*row) for row in db.session.execute(sliced)]
    return make_page(rows, [(row.number,) for row in rows], wanted, total)


def list_left_out(run_id: int, file: str) -> Sequence[LeftOutRow]:
    """The rows of a file that cannot be written, in its order. One statement."""
    columns = (ImportRow.cells, ImportRow.column_name, ImportRow.message)
    wanted = select(*columns).where(ImportRow.run_id == run_id, ImportRow.verdict.in_(["error", "skipped"]))
    rows = db.session.execute(wanted.where(ImportRow.file == file, ImportRow.line > 0).order_by(ImportRow.number))
    return [LeftOutRow(*row) for row in rows]
