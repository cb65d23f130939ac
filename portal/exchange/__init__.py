"""Import and export of files, in pages and by command, and the calendar's command line."""

from flask import Flask

from portal import scoping
from portal.accounts import personal_data
from portal.exchange import feeds, routes
from portal.exchange.commands import calendar, exchange, seed
from portal.exchange.demo.commands import demo
from portal.exchange.models import ImportRun
from portal.exchange.notices import init_notices
from portal.exchange.queries import list_own_imports
from portal.exchange.routes import list_export, reflection_export, watch_export
from portal.exchange.words import init_words
from portal.exchange.works import init_works


def init_app(app: Flask) -> None:
    """Register pages, commands, and what the worker does."""
    for group in (exchange, calendar, demo, seed):
        app.cli.add_command(group)
    personal_data.register("imports", list_own_imports)
    # Rows of files may be of any department.
    scoping.limit(ImportRun, lambda scope: ImportRun.started_by == scope.user_id)
    feeds.init_feeds(app)
    init_words(app)
    init_works()
    init_notices()
    app.register_blueprint(routes.bp)
    app.register_blueprint(list_export.bp)
    app.register_blueprint(watch_export.bp)
    app.register_blueprint(reflection_export.bp)
