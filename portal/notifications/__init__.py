"""Facts for people: the inbox, and the messages that carry them."""

from flask import Flask

from portal.notifications import routes


def init_app(app: Flask) -> None:
    """Register the inbox."""
    app.register_blueprint(routes.bp)
