"""One read-only home for each role."""

from flask import Flask

from portal.dashboards import routes


def init_app(app: Flask) -> None:
    """Register pages."""
    app.register_blueprint(routes.bp)
