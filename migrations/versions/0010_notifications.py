"""Stages of reminders and what managers were told of; what people chose to be told, and who refuses mail.

Revision ID: 0010
Revises: 0014
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0014"
branch_labels = None
depends_on = None

_STAGES = [("log_due", -2), ("log_today", 0), ("log_missing", 1), ("log_alert", 2), ("log_escalated", 4)]


def _stamps() -> tuple[sa.Column[datetime], sa.Column[datetime]]:
    return (
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
    )


def _user() -> sa.Column[int]:
    return sa.Column("user_id", sa.Integer(), nullable=False)


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_user_id_users"
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, onupdate="CASCADE", ondelete="CASCADE")


def upgrade() -> None:
    """Make the tables, the five stages, and the column that keeps a notification out of the inbox."""
    _make_stages()
    _make_alerts()
    _make_choices()
    _make_refusals()
    with op.batch_alter_table("notifications") as batch_op:
        batch_op.add_column(sa.Column("is_hidden", sa.Boolean(), nullable=False, server_default=sa.false()))


def _make_stages() -> None:
    stages = op.create_table(
        "reminder_stages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        *_stamps(),
        sa.PrimaryKeyConstraint("id", name="pk_reminder_stages"),
        sa.UniqueConstraint("key", name="uq_reminder_stages_key"),
    )
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    shared = {"is_active": True, "version": 1, "created_at": now, "updated_at": now}
    op.bulk_insert(stages, [{"key": key, "working_days": days, **shared} for key, days in _STAGES])


def _make_alerts() -> None:
    op.create_table(
        "log_alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tracker_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("deadline_version", sa.Integer(), nullable=False),
        *_stamps(),
        sa.ForeignKeyConstraint(
            ["tracker_id"],
            ["activity_trackers.id"],
            name="fk_log_alerts_tracker_id_activity_trackers",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_log_alerts"),
        sa.UniqueConstraint(
            "tracker_id", "stage", "deadline_version", name="uq_log_alerts_tracker_id_stage_deadline_version"
        ),
    )
    op.create_index("ix_log_alerts_stage_created_at", "log_alerts", ["stage", "created_at"])


def _make_choices() -> None:
    op.create_table(
        "notification_choices",
        _user(),
        sa.Column("group_name", sa.String(length=40), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        *_stamps(),
        _of_user("notification_choices"),
        sa.PrimaryKeyConstraint("user_id", "group_name", "way", name="pk_notification_choices"),
    )
    op.create_table(
        "quiet_hours",
        _user(),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        *_stamps(),
        _of_user("quiet_hours"),
        sa.PrimaryKeyConstraint("user_id", name="pk_quiet_hours"),
    )


def _make_refusals() -> None:
    op.create_table(
        "mail_refusals",
        _user(),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=500), nullable=False),
        sa.Column("is_bounce", sa.Boolean(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.DateTime(), nullable=False),
        *_stamps(),
        _of_user("mail_refusals"),
        sa.PrimaryKeyConstraint("user_id", name="pk_mail_refusals"),
    )
    op.create_index("ix_mail_refusals_refused_at", "mail_refusals", ["refused_at"])


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("notifications") as batch_op:
        batch_op.drop_column("is_hidden")
    for table in ("mail_refusals", "quiet_hours", "notification_choices", "log_alerts", "reminder_stages"):
        op.drop_table(table)
