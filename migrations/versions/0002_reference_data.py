"""The modes of teaching and the default checklist.

Revision ID: 0002
Revises: 0001
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _stamps() -> tuple[sa.ColumnClause[dt.datetime], ...]:
    return sa.column("created_at", sa.DateTime), sa.column("updated_at", sa.DateTime)


modes = sa.table(
    "modes",
    sa.column("name"),
    sa.column("expects_weekly_log", sa.Boolean),
    sa.column("is_active", sa.Boolean),
    *_stamps(),
)
items = sa.table(
    "checklist_items",
    sa.column("key"),
    sa.column("label_en"),
    sa.column("label_fr"),
    sa.column("position", sa.Integer),
    sa.column("from_week", sa.Integer),
    sa.column("to_week", sa.Integer),
    sa.column("is_active", sa.Boolean),
    *_stamps(),
)

MODES = (("In-person", True), ("Online", True), ("Hybrid", True), ("Self-paced", False))
# key, English, French, first and last teaching week in which it is expected (None: to the end)
ITEMS = (
    ("formative_one_grading", "Formative one grading", "Notes de l’évaluation formative 1", 1, 7),
    ("formative_two_grading", "Formative two grading", "Notes de l’évaluation formative 2", 8, 15),
    ("summative_grading", "Summative grading", "Notes de l’évaluation sommative", 14, None),
    ("course_moderation", "Course moderation", "Modération du cours", 15, None),
    ("intranet_sync", "Intranet sync", "Synchronisation de l’intranet", 1, None),
    ("grade_book_status", "Grade book status", "État du carnet de notes", 1, None),
)


def upgrade() -> None:
    """Add what every institution starts from."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    stamps = {"created_at": now, "updated_at": now}
    op.bulk_insert(
        modes, [{"name": name, "expects_weekly_log": expects, "is_active": True, **stamps} for name, expects in MODES]
    )
    rows = [
        {
            "key": key,
            "label_en": english,
            "label_fr": french,
            "position": n,
            "from_week": first,
            "to_week": last,
            "is_active": True,
            **stamps,
        }
        for n, (key, english, french, first, last) in enumerate(ITEMS, start=1)
    ]
    op.bulk_insert(items, rows)


def downgrade() -> None:
    """Take the reference data out; what uses it must be gone before."""
    op.execute(items.delete())
    op.execute(modes.delete())
