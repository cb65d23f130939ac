"""Long work in the worker: begun in a page, followed there, cancelled there."""

from flask import Flask

from portal.jobs import models as models


def init_app(app: Flask) -> None:
    """Register the pages of jobs."""
