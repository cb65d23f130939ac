"""Long work in the worker: begun in a page, followed there, cancelled there."""

from flask import Flask

from portal.accounts import personal_data
from portal.jobs import routes
from portal.jobs.queries import list_jobs_of


def init_app(app: Flask) -> None:
    """Register the pages of jobs, and what they tell of who began them."""
    personal_data.register("jobs", list_jobs_of)
    app.register_blueprint(routes.bp)
