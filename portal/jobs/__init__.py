"""Long work in the worker: begun in a page, followed there, cancelled there."""

from flask import Flask

from portal.jobs import routes


def init_app(app: Flask) -> None:
    """Register the pages of jobs."""
    app.register_blueprint(routes.bp)
