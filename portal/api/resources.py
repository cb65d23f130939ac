"""Resources that join the blueprint when they are imported, and what goes when somebody leaves."""

from flask import Flask

from portal.accounts.signals import Former, person_left
from portal.api import bearer
from portal.api.routes import catalogue, docs, notifications, offerings, people, webhooks
from portal.api.services.kept_answers import forget_answers

__all__ = ["catalogue", "docs", "init_resources", "notifications", "offerings", "people", "webhooks"]


def init_resources(app: Flask) -> None:
    """Register the document, and what follows requests and departures."""
    app.register_blueprint(docs.bp)
    bearer.init_bearers(app)
    person_left.connect(_forget)


def _forget(_sender: object, former: Former) -> None:
    forget_answers(former.user_id)
