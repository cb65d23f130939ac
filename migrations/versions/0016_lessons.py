"""Lessons with their versions, files, quick checks, and what students have done of them.

Revision ID: 0016
Revises: 0010
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0016"
down_revision = "0010"
branch_labels = None
depends_on = None

_LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def _stamps() -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.DateTime(), nullable=False) for name in ("created_at", "updated_at")]


def _refers(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{to}"
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, onupdate="CASCADE", ondelete=ondelete)


def upgrade() -> None:
    """Make the tables."""
    _make_lessons()
    _make_versions()
    _make_files()
    for table, columns in (
        ("lesson_completions", []),
        (
            "lesson_answers",
            [sa.Column("answers", sa.JSON(), nullable=False), sa.Column("passed_at", sa.DateTime(), nullable=True)],
        ),
    ):
        op.create_table(
            table,
            sa.Column("lesson_id", sa.Integer(), nullable=False, autoincrement=False),
            sa.Column("enrolment_id", sa.Integer(), nullable=False, autoincrement=False),
            *columns,
            *_stamps(),
            _refers(table, "lesson_id", "lessons", "CASCADE"),
            _refers(table, "enrolment_id", "enrolments", "CASCADE"),
            sa.PrimaryKeyConstraint("lesson_id", "enrolment_id", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_enrolment_id", table, ["enrolment_id", "lesson_id"])


def _make_lessons() -> None:
    op.create_table(
        "lessons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", _LONG, nullable=False),
        sa.Column("html", _LONG, nullable=False),
        sa.Column("renderer", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("announced_at", sa.DateTime(), nullable=True),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("check_counts", sa.Boolean(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_stamps(),
        _refers("lessons", "offering_id", "course_offerings", "CASCADE"),
        _refers("lessons", "source_id", "lessons", "SET NULL"),
        _refers("lessons", "updated_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
    )
    op.create_index("ix_lessons_order", "lessons", ["offering_id", "position", "published_at"])
    op.create_index("ix_lessons_announced_at_published_at", "lessons", ["announced_at", "published_at"])
    op.create_index("ix_lessons_source_id", "lessons", ["source_id"])


def _make_versions() -> None:
    op.create_table(
        "lesson_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lesson_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", _LONG, nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        *_stamps(),
        _refers("lesson_versions", "lesson_id", "lessons", "CASCADE"),
        _refers("lesson_versions", "author_id", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_lesson_versions"),
        sa.UniqueConstraint("lesson_id", "number", name="uq_lesson_versions_lesson_id_number"),
    )


def _make_files() -> None:
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("part_size", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("offering_id", sa.Integer(), nullable=True),
        sa.Column("uploaded_by", sa.Integer(), nullable=True),
        *_stamps(),
        sa.CheckConstraint("state IN ('arriving', 'ready', 'leaving')", name=op.f("ck_stored_files_state")),
        sa.CheckConstraint(
            "kind IN ('picture', 'audio', 'video', 'pdf', 'document')", name=op.f("ck_stored_files_kind")
        ),
        _refers("stored_files", "offering_id", "course_offerings", "SET NULL"),
        _refers("stored_files", "uploaded_by", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_stored_files"),
        sa.UniqueConstraint("key", name="uq_stored_files_key"),
    )
    op.create_index("ix_stored_files_state_updated_at", "stored_files", ["state", "updated_at"])
    op.create_index("ix_stored_files_offering_id", "stored_files", ["offering_id"])
    op.create_table(
        "lesson_attachments",
        sa.Column("lesson_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("file_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        *_stamps(),
        _refers("lesson_attachments", "lesson_id", "lessons", "CASCADE"),
        _refers("lesson_attachments", "file_id", "stored_files"),
        sa.PrimaryKeyConstraint("lesson_id", "file_id", name="pk_lesson_attachments"),
        sa.UniqueConstraint("lesson_id", "name", name="uq_lesson_attachments_lesson_id_name"),
    )
    op.create_index("ix_lesson_attachments_file_id", "lesson_attachments", ["file_id"])


def downgrade() -> None:
    """Take them away; files stay in the storage."""
    for table in ("lesson_attachments", "lesson_answers", "lesson_completions", "lesson_versions", "stored_files",
                  "lessons"):  # fmt: skip
        op.drop_table(table)
