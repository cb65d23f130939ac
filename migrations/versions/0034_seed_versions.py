"""Which seeds are in: Alembic's own table for them, made here so that backups and tests know it as any other.

The reference data came with 0002, and the demo institution may be there.

Revision ID: 0034
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0030"
branch_labels = None
depends_on = None

_REFERENCE, _DEMO = "0002", "0003"
_users = sa.table("users", sa.column("email"))


def upgrade() -> None:
    """Make the table and note what is there."""
    seeds = op.create_table(
        "seed_versions",
        sa.Column("version_num", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("version_num", name="pk_seed_versions"),
    )
    op.execute(seeds.insert().values(version_num=_REFERENCE))
    demo = sa.select(sa.literal(_DEMO)).where(sa.exists().where(_users.c.email == "admin@demo.example.org"))
    op.execute(seeds.insert().from_select(["version_num"], demo))


def downgrade() -> None:
    """Take it away; what the seeds brought in stays."""
    op.drop_table("seed_versions")
