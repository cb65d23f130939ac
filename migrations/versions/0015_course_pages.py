"""The page that a course has; indexes of course offerings that tell open courses from those for cohorts.

Revision ID: 0015
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0015"
down_revision = "0019"
branch_labels = None
depends_on = None

_LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
_LOAD = ["facilitator_id", "academic_year", "trimester", "status"]
_COUNTS = [
    "module_id", "academic_year", "trimester", "status", "mode_id", "intake_period", "facilitator_id", "start_date",
    "end_date", "max_students",
]  # fmt: skip


def upgrade() -> None:
    """Make the table, and the indexes anew."""
    op.create_table(
        "course_pages",
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("syllabus", _LONG, nullable=False),
        sa.Column("text_folded", _LONG, nullable=False),
        sa.Column("cover_id", sa.Integer(), nullable=True),
        sa.Column("cover_alt", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["offering_id"],
            ["course_offerings.id"],
            name="fk_course_pages_offering_id_course_offerings",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["cover_id"],
            ["stored_files.id"],
            name="fk_course_pages_cover_id_stored_files",
            onupdate="CASCADE",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("offering_id", name="pk_course_pages"),
    )
    op.create_index("ix_course_pages_cover_id", "course_pages", ["cover_id"])
    _index_anew([*_LOAD, "kind"], [*_COUNTS, "kind"])


def _index_anew(load: list[str], counts: list[str]) -> None:
    """MariaDB keeps an index as long as a foreign key needs it: the new one stands before the old one goes."""
    for name, columns in (("ix_course_offerings_load", load), ("ix_course_offerings_counts", counts)):
        op.create_index(f"{name}_new", "course_offerings", columns)
        op.drop_index(name, "course_offerings")
        op.create_index(name, "course_offerings", columns)
        op.drop_index(f"{name}_new", "course_offerings")


def downgrade() -> None:
    """Take the table away, and the new column of the indexes."""
    _index_anew(_LOAD, _COUNTS)
    op.drop_table("course_pages")
