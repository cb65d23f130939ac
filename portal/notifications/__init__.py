"""Facts for people: the inbox, and the messages that carry them."""

from flask import Flask

from portal.notifications import accounts, leaving, routes


def init_app(app: Flask) -> None:
    """Register the inbox, and what is told about accounts."""
    app.register_blueprint(routes.bp)
    app.register_blueprint(routes.log)
    accounts.init_accounts(app)
    leaving.init_leaving()
