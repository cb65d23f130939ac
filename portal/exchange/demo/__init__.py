"""The demo institution: something true to show on every page, and a clean way to be rid of it again."""

from portal.exchange.demo.clear import clear_demo
from portal.exchange.demo.load import DemoCounts, is_loaded, load_demo

__all__ = ["DemoCounts", "clear_demo", "is_loaded", "load_demo"]
