"""One read-only home for each role."""

from flask import Flask

from portal.dashboards import routes
from portal.dashboards.season import SeasonReader
from portal.reflections.queries.own import list_open_rounds
from portal.web.locale import present_day


def init_app(app: Flask) -> None:
    """Register pages, what the signed-out pages say of the term, and which reflections "My courses" shows."""
    app.register_blueprint(routes.bp)
    app.extensions["portal_season"] = SeasonReader()
    app.extensions["portal_open_rounds"] = lambda user_id: list_open_rounds(user_id, present_day())
