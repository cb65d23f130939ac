"""One read-only home for each role."""

from flask import Flask

from portal.dashboards import routes
from portal.dashboards.season import SeasonReader


def init_app(app: Flask) -> None:
    """Register pages, and what the signed-out pages say of the term."""
    app.register_blueprint(routes.bp)
    app.extensions["portal_season"] = SeasonReader()
