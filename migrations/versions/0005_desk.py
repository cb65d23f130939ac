"""The manager's desk: deeds that can be undone, long work, saved views, meeting times, workload, imports in pages.

Revision ID: 0005
Revises: 0004
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_VERSIONED = ("departments", "modules", "classes", "cohorts", "modes", "calendar_breaks")


def upgrade() -> None:
    """Add them. Of breaks that were entered twice one stays."""
    _create_change_batches()
    _create_jobs()
    _create_saved_views()
    _create_meetings()
    _create_workload()
    _version_catalogue()
    _extend_import_runs()
    _create_import_rows()
    _index_offerings()


def _create_change_batches() -> None:
    op.create_table(
        "change_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("undone_at", sa.DateTime(), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        *_stamps(),
        _key("change_batches", "actor_id", "users"),
        _key("change_batches", "undoes_id", "change_batches", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_change_batches"),
        sa.UniqueConstraint("undoes_id", name="uq_change_batches_undoes_id"),
    )
    op.create_index("ix_change_batches_actor_id_created_at", "change_batches", ["actor_id", "created_at"])
    with op.batch_alter_table("audit_events") as batch_op:
        batch_op.add_column(sa.Column("batch_id", sa.Integer(), nullable=True))
        batch_op.create_index("ix_audit_events_batch_id", ["batch_id"])
        name = "fk_audit_events_batch_id_change_batches"
        batch_op.create_foreign_key(name, "change_batches", ["batch_id"], ["id"], onupdate="CASCADE")


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("state", _one_of("waiting", "running", "done", "failed", "cancelled"), nullable=False),
        sa.Column("stage", sa.String(length=120), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(), nullable=True),
        sa.Column("cancel_asked_at", sa.DateTime(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        *_stamps(),
        _key("jobs", "owner_id", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_owner_id_created_at", "jobs", ["owner_id", "created_at"])
    op.create_index("ix_jobs_state_leased_until", "jobs", ["state", "leased_until"])


def _create_saved_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_folded", sa.String(length=80), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        *_stamps(),
        _key("saved_views", "owner_id", "users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("owner_id", "name_folded", name="uq_saved_views_owner_id_name_folded"),
    )
    op.create_index("ix_saved_views_is_shared", "saved_views", ["is_shared"])


def _create_meetings() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.Time(), nullable=False),
        sa.Column("ends_at", sa.Time(), nullable=False),
        sa.Column("room", sa.String(length=60), nullable=False),
        *_stamps(),
        sa.CheckConstraint("ends_at > starts_at", name="times"),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        _key("meetings", "offering_id", "course_offerings", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_meetings"),
        sa.UniqueConstraint("offering_id", "weekday", "starts_at", name="uq_meetings_offering_id_weekday_starts_at"),
    )


def _create_workload() -> None:
    formulas = op.create_table(
        "workload_formulas",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("per_credit", sa.Integer(), nullable=False),
        sa.Column("per_student", sa.Integer(), nullable=False),
        sa.Column("first_time", sa.Integer(), nullable=False),
        sa.Column("full_time", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        *_stamps(),
        _key("workload_formulas", "author_id", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_workload_formulas"),
    )
    # In minutes: two hours for each credit and week of fifteen, one hour for each student, a term of 15 × 40 hours.
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    first = {"per_credit": 1800, "per_student": 60, "first_time": 600, "full_time": 36_000}
    op.bulk_insert(formulas, [first | {"created_at": now, "updated_at": now}])
    op.create_table(
        "workload_overrides",
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        *_stamps(),
        sa.CheckConstraint("minutes >= 0", name="minutes"),
        _key("workload_overrides", "author_id", "users"),
        _key("workload_overrides", "offering_id", "course_offerings", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("offering_id", name="pk_workload_overrides"),
    )


def _version_catalogue() -> None:
    for table in _VERSIONED:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    with op.batch_alter_table("departments") as batch_op:
        batch_op.add_column(sa.Column("is_active", sa.Boolean(), nullable=False, server_default=sa.text("true")))
    with op.batch_alter_table("modes") as batch_op:
        batch_op.add_column(sa.Column("workload_percent", sa.Integer(), nullable=False, server_default=sa.text("100")))
    breaks = sa.table("calendar_breaks", sa.column("id"), sa.column("name"), sa.column("start_date"))
    first = sa.select(sa.func.min(breaks.c.id)).group_by(breaks.c.name, breaks.c.start_date)
    kept = list(op.get_bind().scalars(first))
    op.execute(breaks.delete().where(breaks.c.id.not_in(kept)))
    with op.batch_alter_table("calendar_breaks") as batch_op:
        batch_op.create_unique_constraint("uq_calendar_breaks_name_start_date", ["name", "start_date"])


def _extend_import_runs() -> None:
    """What was carried out before is done. MariaDB has no default for JSON: it is filled in before it is required."""
    states = _one_of("uploaded", "checked", "done", "discarded")
    with op.batch_alter_table("import_runs") as batch_op:
        batch_op.add_column(sa.Column("state", states, nullable=False, server_default="done"))
        batch_op.add_column(sa.Column("job_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("files", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("digest", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
        batch_op.create_index("ix_import_runs_job_id", ["job_id"])
        batch_op.create_foreign_key("fk_import_runs_job_id_jobs", "jobs", ["job_id"], ["id"], onupdate="CASCADE")
    op.execute(sa.table("import_runs", sa.column("files", sa.JSON())).update().values(files=[]))
    with op.batch_alter_table("import_runs") as batch_op:
        batch_op.alter_column("files", existing_type=sa.JSON(), nullable=False)
        batch_op.create_index("ix_import_runs_started_by_created_at", ["started_by", "created_at"])


def _create_import_rows() -> None:
    op.create_table(
        "import_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("column_name", sa.String(length=100), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("message", sa.JSON(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        *_stamps(),
        _key("import_rows", "run_id", "import_runs", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_import_rows"),
        sa.UniqueConstraint("run_id", "number", name="uq_import_rows_run_id_number"),
    )
    op.create_index("ix_import_rows_run_id_verdict_number", "import_rows", ["run_id", "verdict", "number"])


def _stamps() -> tuple[sa.Column, sa.Column]:
    return (
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
    )


def _one_of(*values: str) -> sa.Enum:
    return sa.Enum(*values, name="state", native_enum=False, create_constraint=True, length=20)


def _key(table: str, column: str, referred: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{referred}"
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=name, onupdate="CASCADE", ondelete=ondelete)


def _index_offerings() -> None:
    """The new index comes before the old one goes: MariaDB's foreign key leans on one of them."""
    columns = ["facilitator_id", "academic_year", "trimester", "status"]
    op.create_index("ix_course_offerings_load", "course_offerings", columns)
    op.drop_index("ix_course_offerings_facilitator_id_academic_year_trimester", "course_offerings")
    columns = ["module_id", "academic_year", "trimester", "status", "mode_id", "intake_period", "facilitator_id"]
    columns += ["start_date", "end_date", "max_students"]
    op.create_index("ix_course_offerings_counts", "course_offerings", columns)


def downgrade() -> None:
    """Drop them. Imports that were not carried out go with them."""
    op.drop_index("ix_course_offerings_counts", "course_offerings")
    name = "ix_course_offerings_facilitator_id_academic_year_trimester"
    op.create_index(name, "course_offerings", ["facilitator_id", "academic_year", "trimester"])
    op.drop_index("ix_course_offerings_load", "course_offerings")
    op.drop_table("import_rows")
    runs = sa.table("import_runs", sa.column("state"))
    op.execute(runs.delete().where(runs.c.state != "done"))
    with op.batch_alter_table("import_runs") as batch_op:
        batch_op.drop_constraint("fk_import_runs_job_id_jobs", type_="foreignkey")
        batch_op.drop_index("ix_import_runs_job_id")
        batch_op.drop_constraint(op.f("ck_import_runs_state"), type_="check")
        for column in ("version", "digest", "files", "job_id", "state"):
            batch_op.drop_column(column)
    # MariaDB's foreign key leans on this index, and gets one of its own when it is made anew.
    with op.batch_alter_table("import_runs") as batch_op:
        batch_op.drop_constraint("fk_import_runs_started_by_users", type_="foreignkey")
        batch_op.drop_index("ix_import_runs_started_by_created_at")
        name = "fk_import_runs_started_by_users"
        batch_op.create_foreign_key(name, "users", ["started_by"], ["id"], onupdate="CASCADE")
    with op.batch_alter_table("calendar_breaks") as batch_op:
        batch_op.drop_constraint("uq_calendar_breaks_name_start_date", type_="unique")
    with op.batch_alter_table("modes") as batch_op:
        batch_op.drop_column("workload_percent")
    with op.batch_alter_table("departments") as batch_op:
        batch_op.drop_column("is_active")
    for table in _VERSIONED:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("version")
    for table in ("workload_overrides", "workload_formulas", "meetings", "saved_views", "jobs"):
        op.drop_table(table)
    with op.batch_alter_table("audit_events") as batch_op:
        batch_op.drop_constraint("fk_audit_events_batch_id_change_batches", type_="foreignkey")
        batch_op.drop_index("ix_audit_events_batch_id")
        batch_op.drop_column("batch_id")
    op.drop_table("change_batches")
