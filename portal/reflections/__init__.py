"""Reflections: what students say of a course, without anybody knowing who said what."""

from collections.abc import Sequence

from flask import Flask

from portal.allocations.services import offerings_changed
from portal.reflections import routes
from portal.reflections.services.rounds import follow_courses
from portal.reflections.words import init_words


def init_app(app: Flask) -> None:
    """Register pages, and follow the dates of courses."""
    app.register_blueprint(routes.bp)
    init_words(app)
    offerings_changed.connect(_follow)


def _follow(_sender: object, offering_ids: Sequence[int]) -> None:
    follow_courses(offering_ids)
