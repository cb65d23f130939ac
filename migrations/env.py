"""Runs the migrations on the application's own engine, alike on SQLite, MariaDB/MySQL and PostgreSQL."""

from alembic import context
from flask import current_app

database = current_app.extensions["migrate"].db


def run() -> None:
    """Apply the wanted revisions, each in a transaction of its own."""
    with database.engine.connect() as connection:
        # A page gives up after half a minute; a long table takes as long as it takes.
        driver = connection.connection.driver_connection
        if hasattr(driver, "_read_timeout"):
            driver._read_timeout = None
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            compare_type=True,
            render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
