"""Waiting lists of courses, and when a course was archived and completed.

Revision ID: 0014
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0008"
branch_labels = None
depends_on = None

_OFFERINGS = sa.table("course_offerings", sa.column("id"), sa.column("waiting_count"), sa.column("queue_last"))
_ENROLMENTS = sa.table(
    "enrolments", sa.column("id"), sa.column("offering_id"), sa.column("status"), sa.column("queue_number")
)


def upgrade() -> None:
    """Add the columns; who waits already waits in the order in which they came."""
    with op.batch_alter_table("enrolments") as batch_op:
        batch_op.add_column(sa.Column("queue_number", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("completed_at", sa.DateTime(), nullable=True))
    op.create_index(
        "ix_enrolments_offering_id_status_queue_number", "enrolments", ["offering_id", "status", "queue_number"]
    )
    with op.batch_alter_table("course_offerings") as batch_op:
        batch_op.add_column(sa.Column("archived_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("waiting_count", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("queue_last", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_course_offerings_kind_published_at", "course_offerings", ["kind", "published_at"])
    _number_who_waits()


def _number_who_waits() -> None:
    waiting = _ENROLMENTS.c.status == "waitlisted"
    op.execute(sa.update(_ENROLMENTS).where(waiting).values(queue_number=_ENROLMENTS.c.id))
    of_course = waiting & (_ENROLMENTS.c.offering_id == _OFFERINGS.c.id)
    count = sa.select(sa.func.count()).select_from(_ENROLMENTS).where(of_course).scalar_subquery()
    last = sa.select(sa.func.max(_ENROLMENTS.c.id)).where(of_course).scalar_subquery()
    some = sa.exists().where(of_course)
    op.execute(sa.update(_OFFERINGS).where(some).values(waiting_count=count, queue_last=last))


def downgrade() -> None:
    """Take them away; who waits stays on the waiting list."""
    op.drop_index("ix_course_offerings_kind_published_at", "course_offerings")
    with op.batch_alter_table("course_offerings") as batch_op:
        batch_op.drop_column("queue_last")
        batch_op.drop_column("waiting_count")
        batch_op.drop_column("archived_at")
    op.drop_index("ix_enrolments_offering_id_status_queue_number", "enrolments")
    with op.batch_alter_table("enrolments") as batch_op:
        batch_op.drop_column("completed_at")
        batch_op.drop_column("queue_number")
