"""The calendar of a person as a feed that calendar programs follow (RFC 5545): deadlines, courses, meetings."""

from flask import Flask

from portal.accounts import personal_data
from portal.accounts.signals import Former, person_left
from portal.exchange.feeds import routes, services
from portal.exchange.feeds.queries import list_own_feed


def init_feeds(app: Flask) -> None:
    """Register the calendar, its page, what a person's document says of it, and its end when they leave."""
    app.register_blueprint(routes.bp)
    app.register_blueprint(routes.feed)
    personal_data.register("calendar_feed", list_own_feed)
    person_left.connect(_forget)


def _forget(_sender: object, former: Former) -> None:
    services.forget(former.user_id)
