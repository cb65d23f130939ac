"""Runs the migrations on the application's own engine, alike on SQLite, MariaDB/MySQL and PostgreSQL."""

from contextlib import AbstractContextManager, nullcontext

from alembic import context
from flask import current_app

from portal.turns import alone
from portal.unfinished import References, Unfinished, past_what_is_done

database = current_app.extensions["migrate"].db

PATIENCE = {
    "postgresql": "SET lock_timeout = '15s'",
    "mysql": "SET SESSION lock_wait_timeout = 15",
    "mariadb": "SET SESSION lock_wait_timeout = 15",
}


def in_turn() -> AbstractContextManager[None]:
    """Whoever only asks where the tables stand waits for nobody."""
    try:
        context.get_revision_argument()
    except KeyError:
        return nullcontext()
    return alone(database.engine)


def run() -> None:
    """Apply the wanted revisions, each in a transaction of its own."""
    with in_turn(), database.engine.connect() as connection:
        # A page gives up after half a minute; a long table takes as long as it takes.
        driver = connection.connection.driver_connection
        if hasattr(driver, "_read_timeout"):
            driver._read_timeout = None
        # Whoever changes a table waits for those who use it, and whoever comes then waits behind: not for long.
        if patience := PATIENCE.get(connection.dialect.name):
            connection.exec_driver_sql(patience)
            connection.commit()
        unfinished = Unfinished(connection)
        connection.rollback()
        kept = References(connection)
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            compare_type=True,
            render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
            on_version_apply=(kept.check, unfinished.note),
        )
        try:
            with kept.unwatched(), past_what_is_done(connection), context.begin_transaction():
                context.run_migrations()
        except Exception as error:
            for lost in unfinished.undo():
                error.add_note(f"The failed step took this away: {lost}. Put it back by hand, unless the step goes on.")
            raise


run()
