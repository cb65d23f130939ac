"""Telling the lane from the application: who answers, and what both say."""

from contextlib import contextmanager

from flask import request_started

from portal.extensions import db

LIST = "/course-offerings"
# What each answer has of its own.
OWN = {"X-Request-ID", "RateLimit-Remaining", "RateLimit-Reset"}


@contextmanager
def application_of(app):
    """The requests that the application is asked within, not those that the lane answers."""
    asked = []

    def note(_sender, **_more):
        asked.append(1)

    with request_started.connected_to(note, app):
        yield asked


def whole(answer):
    """An answer with all that it says, but for what each has of its own."""
    return answer.status, sorted(pair for pair in answer.headers if pair[0] not in OWN), answer.data


def the_long_way(app, ask):
    """What the application says by itself."""
    around = app.wsgi_app
    app.wsgi_app = around._onward
    try:
        return ask()
    finally:
        app.wsgi_app = around


def is_given_again(app, ask):
    """Whether the lane answers this by now."""
    ask()
    with application_of(app) as asked:
        ask()
    return not asked


def write(app, deed):
    """Do something in another process, as it were: an application of its own on the same database."""
    with app.app_context():
        deed()
        db.session.commit()
