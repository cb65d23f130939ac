"""Course offerings and who teaches them."""

from flask import Flask

from portal.allocations import routes


def init_app(app: Flask) -> None:
    """Register pages and commands."""
    app.register_blueprint(routes.bp)
