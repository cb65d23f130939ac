"""Sessions, devices and attempts to sign in; what registration, single sign-on and deletion need of an account.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AUDIT = "audit_events"
OUTCOMES = ("started", "succeeded", "failed", "refused")


def upgrade() -> None:
    """Add them. Who is signed in signs in once more: the old cookies name no session."""
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("is_confirmed", sa.Boolean(), nullable=False, server_default=sa.text("true")))
        batch_op.add_column(sa.Column("notification_email", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("deletion_asked_at", sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column("anonymised_at", sa.DateTime(), nullable=True))
    with op.batch_alter_table("one_time_tokens") as batch_op:
        batch_op.add_column(sa.Column("nonce", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("address", sa.String(length=255), nullable=True))
    with op.batch_alter_table("identities") as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(length=255), nullable=True))
    _collate_identities("utf8mb4_bin")
    with op.batch_alter_table("refresh_tokens") as batch_op:
        batch_op.add_column(sa.Column("epoch", sa.Integer(), nullable=False, server_default=sa.text("0")))
    _create_devices()
    _create_sessions()
    _create_sign_ins()
    op.create_index("ix_audit_events_actor_id_created_at", _AUDIT, ["actor_id", "created_at"])
    op.create_index("ix_audit_events_action_created_at", _AUDIT, ["action", "created_at"])
    op.create_index("ix_audit_events_request_id", _AUDIT, ["request_id"])
    # MariaDB lets go of it only now, since the foreign key has another.
    op.drop_index("ix_audit_events_actor_id", _AUDIT)


def _collate_identities(collation: str | None) -> None:
    """MariaDB and MySQL alone take "abc" for "ABC", which are two people at a provider; None is the table's own."""
    if op.get_bind().dialect.name in {"mysql", "mariadb"}:
        exact = mysql.VARCHAR(255, collation=collation)
        for column in ("issuer", "subject"):
            op.alter_column("identities", column, type_=exact, existing_nullable=False)


def _create_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=True),
        sa.Column("last_used_at", sa.DateTime(), nullable=False),
        *_stamps(),
        _of_user("devices"),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("user_id", "token_hash", name="uq_devices_user_id_token_hash"),
    )


def _create_sessions() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=True),
        sa.Column("network_address", sa.String(length=45), nullable=True),
        sa.Column("last_used_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        *_stamps(),
        _of_user("user_sessions"),
        _of_device("user_sessions"),
        sa.PrimaryKeyConstraint("id", name="pk_user_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_user_sessions_token_hash"),
    )
    op.create_index("ix_user_sessions_user_id_ended_at", "user_sessions", ["user_id", "ended_at"])
    op.create_index("ix_user_sessions_last_used_at", "user_sessions", ["last_used_at"])


def _create_sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(*OUTCOMES, name="outcome", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=True),
        sa.Column("network_address", sa.String(length=45), nullable=True),
        *_stamps(),
        _of_user("sign_ins"),
        _of_device("sign_ins"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_address_key_created_at", "sign_ins", ["address_key", "created_at"])
    op.create_index("ix_sign_ins_user_id_created_at", "sign_ins", ["user_id", "created_at"])
    op.create_index("ix_sign_ins_created_at", "sign_ins", ["created_at"])


def _stamps() -> tuple[sa.Column, sa.Column]:
    return (
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
    )


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_user_id_users"
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, onupdate="CASCADE", ondelete="CASCADE")


def _of_device(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_device_id_devices"
    return sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=name, onupdate="CASCADE", ondelete="SET NULL")


def downgrade() -> None:
    """Drop them."""
    op.create_index("ix_audit_events_actor_id", _AUDIT, ["actor_id"])
    for columns in ("request_id", "action_created_at", "actor_id_created_at"):
        op.drop_index(f"ix_audit_events_{columns}", _AUDIT)
    for table in ("sign_ins", "user_sessions", "devices"):
        op.drop_table(table)
    with op.batch_alter_table("refresh_tokens") as batch_op:
        batch_op.drop_column("epoch")
    _collate_identities(None)
    with op.batch_alter_table("identities") as batch_op:
        batch_op.drop_column("email")
    with op.batch_alter_table("one_time_tokens") as batch_op:
        batch_op.drop_column("address")
        batch_op.drop_column("nonce")
    with op.batch_alter_table("users") as batch_op:
        for column in ("anonymised_at", "deletion_asked_at", "notification_email", "is_confirmed"):
            batch_op.drop_column(column)
