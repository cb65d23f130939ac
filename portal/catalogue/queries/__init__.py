"""Reads of the catalogue."""

from portal.catalogue.queries.breaks import list_breaks

__all__ = ["list_breaks"]
