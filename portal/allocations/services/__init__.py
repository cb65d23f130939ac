"""Writes of course offerings and of who teaches them."""

from portal.allocations.services.signals import offerings_changed

__all__ = ["offerings_changed"]
