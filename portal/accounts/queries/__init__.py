"""Reads of accounts. What is not named here is imported from its module."""

from portal.accounts.queries.people import (
    LONGEST_EMAIL,
    Invited,
    Person,
    count_users,
    find_open_token,
    find_person,
    find_person_by_email,
    list_accounts_at,
)

__all__ = [
    "LONGEST_EMAIL",
    "Invited",
    "Person",
    "count_users",
    "find_open_token",
    "find_person",
    "find_person_by_email",
    "list_accounts_at",
]
