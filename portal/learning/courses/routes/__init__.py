"""The pages of courses."""

from portal.learning.courses.routes import catalogue, certificate, course, home, roster, writing
from portal.learning.courses.routes.blueprint import bp

__all__ = ["bp", "catalogue", "certificate", "course", "home", "roster", "writing"]
