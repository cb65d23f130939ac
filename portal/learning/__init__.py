"""Lessons, their files, and how far students have come; the pages of courses."""

from flask import Flask

from portal.accounts import personal_data
from portal.accounts.signals import Former, person_left
from portal.learning import routes
from portal.learning.courses import init_courses
from portal.learning.following import init_following
from portal.learning.queries.personal import SECTIONS
from portal.learning.services.forgetting import forget_answers
from portal.learning.storage import open_storage
from portal.learning.words import init_lesson_words


def init_app(app: Flask) -> None:
    """Open the storage, register pages, and what is known and forgotten of a person."""
    app.extensions["portal_storage"] = open_storage(app.config["PORTAL"])
    app.register_blueprint(routes.bp)
    app.register_blueprint(routes.files)
    init_lesson_words(app)
    init_courses(app)
    for name, read in SECTIONS.items():
        personal_data.register(name, read)
    person_left.connect(_forget)
    init_following()


def _forget(_sender: object, former: Former) -> None:
    forget_answers(former.user_id)
