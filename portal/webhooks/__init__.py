"""Webhooks: other systems are told of what happens here, by the Standard Webhooks specification."""

from flask import Flask

from portal.accounts import personal_data
from portal.webhooks import routes
from portal.webhooks.following import init_following
from portal.webhooks.queries.endpoints import list_own_endpoints
from portal.webhooks.words import init_words


def init_app(app: Flask) -> None:
    """Register pages, the notice to administrators and what is said of a person, and follow what happens."""
    app.register_blueprint(routes.bp)
    init_words()
    init_following()
    personal_data.register("webhook_endpoints", list_own_endpoints)
