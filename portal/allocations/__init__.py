"""Course offerings and who teaches them."""

from flask import Flask

from portal.allocations import routes
from portal.allocations.bulk_work import init_bulk_work
from portal.allocations.leaving import init_leaving
from portal.allocations.rollover_work import init_rollover_work
from portal.allocations.scope import init_scope
from portal.allocations.telling_words import init_telling_words
from portal.allocations.words import init_words


def init_app(app: Flask) -> None:
    """Register pages and what happens when someone leaves."""
    init_scope(app)
    init_words(app)
    init_telling_words()
    init_leaving()
    init_bulk_work()
    init_rollover_work()
    app.register_blueprint(routes.bp)
