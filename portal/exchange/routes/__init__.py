"""The pages of imports and exports."""

from portal.exchange.routes import exporting, reading, report, uploading
from portal.exchange.routes.blueprint import bp

__all__ = ["bp", "exporting", "reading", "report", "uploading"]
