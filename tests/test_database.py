"""Connections as they go back to their pool."""

from sqlalchemy import text

from portal.extensions import db

_CHANGE = text("UPDATE pulses SET value = value + 1")


def total() -> int:
    """The sum of what is changed here; the transaction is over then."""
    found = int(db.session.scalar(text("SELECT SUM(value) FROM pulses")))
    db.session.rollback()
    return found


def test_what_a_connection_left_unfinished_is_undone_before_the_next_one_gets_it(fresh_app):
    with fresh_app.app_context():
        before = total()
        raw = db.engine.raw_connection()
        cursor = raw.cursor()
        if db.engine.name == "sqlite":
            cursor.execute("BEGIN")
        cursor.execute(str(_CHANGE))
        raw.close()
        assert total() == before
        with db.engine.connect() as connection:
            connection.execute(_CHANGE)
        assert total() == before
        db.session.execute(_CHANGE)
        db.session.remove()
        assert total() == before
