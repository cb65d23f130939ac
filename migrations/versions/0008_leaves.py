"""Leave of facilitators, and which leave a weekly log was excused or handed on for; a pulse of notifications.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PULSES = sa.table("pulses", sa.column("subject"), sa.column("value"))


def upgrade() -> None:
    """Make the table, and the column that refers to it."""
    op.create_table(
        "leaves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facilitator_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("substitute_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facilitator_id"],
            ["facilitators.id"],
            name="fk_leaves_facilitator_id_facilitators",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["facilitators.id"], name="fk_leaves_substitute_id_facilitators", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(["granted_by"], ["users.id"], name="fk_leaves_granted_by_users", onupdate="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_leaves"),
    )
    op.create_index("ix_leaves_facilitator_id_last_day", "leaves", ["facilitator_id", "last_day"])
    with op.batch_alter_table("activity_trackers") as batch_op:
        batch_op.add_column(sa.Column("leave_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            "fk_activity_trackers_leave_id_leaves",
            "leaves",
            ["leave_id"],
            ["id"],
            onupdate="CASCADE",
            ondelete="SET NULL",
        )
    op.create_index("ix_activity_trackers_leave_id", "activity_trackers", ["leave_id"])
    op.bulk_insert(_PULSES, [{"subject": "notices", "value": 0}])


def downgrade() -> None:
    """Take them away; weeks stay as leave left them."""
    op.execute(sa.delete(_PULSES).where(_PULSES.c.subject == "notices"))
    # MariaDB keeps an index as long as a foreign key needs it.
    with op.batch_alter_table("activity_trackers") as batch_op:
        batch_op.drop_constraint("fk_activity_trackers_leave_id_leaves", type_="foreignkey")
    op.drop_index("ix_activity_trackers_leave_id", "activity_trackers")
    with op.batch_alter_table("activity_trackers") as batch_op:
        batch_op.drop_column("leave_id")
    op.drop_table("leaves")
