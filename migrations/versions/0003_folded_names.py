"""Folded names of classes, cohorts and departments, and folded titles, so that search finds accents everywhere.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from portal.folding import fold

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# table, column, what it folds, length
COLUMNS = (
    ("classes", "name_folded", "name", 100),
    ("cohorts", "name_folded", "name", 200),
    ("departments", "name_folded", "name", 200),
    ("course_offerings", "title_folded", "title", 200),
)


def upgrade() -> None:
    """Add the columns and fill them."""
    for table, column, source, length in COLUMNS:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column(column, sa.String(length=length), nullable=False, server_default=""))
        _fill(sa.table(table, sa.column("id"), sa.column(column), sa.column(source)), column, source, length)


def _fill(table: sa.TableClause, column: str, source: str, length: int) -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(table.c.id, table.c[source]).where(table.c[source].is_not(None)))
    folded = [{"row_id": row_id, "folded": fold(text)[:length]} for row_id, text in rows]
    if folded:
        change = sa.update(table).where(table.c.id == sa.bindparam("row_id"))
        connection.execute(change.values({column: sa.bindparam("folded")}), folded)


def downgrade() -> None:
    """Drop the columns."""
    for table, column, _, _ in reversed(COLUMNS):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column)
