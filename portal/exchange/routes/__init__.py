"""The pages of imports and exports."""

from portal.exchange.routes import reading, report, uploading
from portal.exchange.routes.blueprint import bp

__all__ = ["bp", "reading", "report", "uploading"]
