"""Course offerings and who teaches them."""

from flask import Flask

from portal.allocations import routes
from portal.catalogue.words import init_words


def init_app(app: Flask) -> None:
    """Register pages and commands."""
    init_words(app)
    app.register_blueprint(routes.bp)
