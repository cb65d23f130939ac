"""Import and export of files, and the calendar's command line."""

from flask import Flask

from portal.accounts import personal_data
from portal.exchange.commands import calendar, exchange
from portal.exchange.demo.commands import demo
from portal.exchange.queries import list_own_imports


def init_app(app: Flask) -> None:
    """Register the commands."""
    for group in (exchange, calendar, demo):
        app.cli.add_command(group)
    personal_data.register("imports", list_own_imports)
