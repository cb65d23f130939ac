"""Modules, classes, cohorts, modes and the teaching calendar."""

from flask import Flask

from portal.catalogue import routes
from portal.catalogue.units import init_units
from portal.catalogue.words import init_words


def init_app(app: Flask) -> None:
    """Register pages and what accounts read of the catalogue."""
    init_words(app)
    init_units()
    app.register_blueprint(routes.bp)
