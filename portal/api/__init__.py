"""The JSON API: tokens, schemas, errors and routes by resource; it has no rules of its own."""

from flask import Flask

from portal.api import bearer, errors, manners, resources
from portal.api.blueprint import bp
from portal.api.routes import auth, enrolments, lessons, logs, me, passwords, reflections, users
from portal.extensions import csrf
from portal.web.entrances import Entrance, add_entrance

__all__ = ["auth", "enrolments", "init_app", "lessons", "logs", "me", "passwords", "reflections", "users"]


def init_app(app: Flask) -> None:
    """Register the operations, and who stands before them."""
    add_entrance(app, Entrance("/api", bearer.recognise, bearer.turn_away, errors.from_refusal))
    # A token is sent by whoever means to; there is no cookie that another site could ride on.
    csrf.exempt(bp)
    app.register_blueprint(bp)
    resources.init_resources(app)
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            # `/api//users` is nothing, rather than a redirect with a page in it.
            rule.merge_slashes = False
    manners.init_manners(app)
