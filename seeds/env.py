"""Runs the seeds in the transaction of whoever asks for them, alike on SQLite, MariaDB/MySQL and PostgreSQL."""

from alembic import context

from portal.exchange.seeding import note_step
from portal.extensions import db

# The connection is in a transaction already, so nothing here commits: all steps are kept, or none is.
context.configure(connection=db.session.connection(), version_table="seed_versions", on_version_apply=note_step)
with context.begin_transaction():
    context.run_migrations()
