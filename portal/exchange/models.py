"""Imports: what was uploaded, how it was read, what became of each row, and the history of those carried out."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model


class ImportState(StrEnum):
    """Where an import stands. Only `done` has changed anything."""

    UPLOADED = "uploaded"
    CHECKED = "checked"
    DONE = "done"
    DISCARDED = "discarded"


class ImportRun(Timestamps, Model):
    """One import: by whom, from which files, how they are read, and what it would change or did."""

    __tablename__ = "import_runs"
    __table_args__ = (Index(None, "started_by", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    started_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    source: Mapped[str] = mapped_column(String(255))
    skipped_errors: Mapped[bool] = mapped_column(Boolean, default=False)
    # {"offerings": {"create": 6565, "error": 4, …}}
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[ImportState] = mapped_column(enum_column(ImportState, "state"), default=ImportState.DONE)
    # The job that checks or writes it now, or did so last.
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", onupdate="CASCADE"), index=True)
    # How each file is read: [{"name": "fall.xlsx", "kind": "offerings", "sheet": "Term", "columns": {…}, "sha256": …}]
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    # What the check would write, as a hash over the files and the data they were compared with.
    digest: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[int] = mapped_column(default=1)


class ImportRow(Timestamps, Model):
    """What the check found for one row of a file: `verdict` as in the report, and `message` as {text, params}."""

    __tablename__ = "import_rows"
    __table_args__ = (UniqueConstraint("run_id", "number"), Index(None, "run_id", "verdict", "number"))

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id", onupdate="CASCADE", ondelete="CASCADE"))
    # The row's place in the whole report, from 1.
    number: Mapped[int]
    file: Mapped[str] = mapped_column(String(255))
    line: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(20))
    column_name: Mapped[str] = mapped_column(String(100), default="")
    value: Mapped[str] = mapped_column(String(200), default="")
    message: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # The row as it was written, for a file of the errors; {"status": [before, after]} for one that changes something.
    cells: Mapped[list[str]] = mapped_column(JSON, default=list)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class SeedVersion(Model):
    """How far the seeds have gone: Alembic's own table for them, a row for each branch."""

    __tablename__ = "seed_versions"

    version_num: Mapped[str] = mapped_column(String(32), primary_key=True)
