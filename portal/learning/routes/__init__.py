"""The pages of lessons. Importing the modules adds their views to the blueprints."""

from portal.learning.routes import (
    checks,
    copying,
    delivering,
    editing,
    listing,
    progress,
    reading,
    uploading,
    versions,
)
from portal.learning.routes.blueprint import bp, files

__all__ = [
    "bp",
    "checks",
    "copying",
    "delivering",
    "editing",
    "files",
    "listing",
    "progress",
    "reading",
    "uploading",
    "versions",
]
