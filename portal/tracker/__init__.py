"""tracker."""

from flask import Flask

from portal.tracker.reminding import init_reminders


def init_app(app: Flask) -> None:
    """Register pages and commands."""
    init_reminders(app)
