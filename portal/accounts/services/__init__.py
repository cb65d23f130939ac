"""Rules and writes of accounts. What is not named here is imported from its module."""

from portal.accounts.services.invitations import accept_invitation, invite
from portal.accounts.services.people import (
    UserDraft,
    check_email,
    choose_language,
    create_user,
    give_password,
    set_departments,
)
from portal.accounts.services.tokens import Purpose, hash_token

__all__ = [
    "Purpose",
    "UserDraft",
    "accept_invitation",
    "check_email",
    "choose_language",
    "create_user",
    "give_password",
    "hash_token",
    "invite",
    "set_departments",
]
