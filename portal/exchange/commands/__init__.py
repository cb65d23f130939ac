"""`flask exchange …`, `flask calendar …` and `flask seed …`."""

from portal.exchange.commands.calendar import calendar
from portal.exchange.commands.seed import seed
from portal.exchange.commands.transfer import exchange

__all__ = ["calendar", "exchange", "seed"]
