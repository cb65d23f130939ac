"""`flask exchange …` and `flask calendar …`."""

from portal.exchange.commands.calendar import calendar
from portal.exchange.commands.transfer import exchange

__all__ = ["calendar", "exchange"]
