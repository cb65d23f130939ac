"""Pages of reflections."""

from portal.reflections.routes import drafts, index, keeping, results, student, worker
from portal.reflections.routes.blueprint import bp

__all__ = ["bp", "drafts", "index", "keeping", "results", "student", "worker"]
