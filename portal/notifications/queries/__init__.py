"""Reads of notifications, by subject."""

from portal.notifications.queries.inbox import (
    Addressee,
    EntryFilter,
    EntryRow,
    FactRow,
    count_unread,
    kinds_told,
    list_addressees,
    list_facts_of,
    list_own_deliveries,
    list_own_notifications,
    page_of_entries,
)

__all__ = [
    "Addressee",
    "EntryFilter",
    "EntryRow",
    "FactRow",
    "count_unread",
    "kinds_told",
    "list_addressees",
    "list_facts_of",
    "list_own_deliveries",
    "list_own_notifications",
    "page_of_entries",
]
