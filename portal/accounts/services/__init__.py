"""Rules and writes of accounts."""

from portal.accounts.services.people import (
    INVITATION,
    UserDraft,
    accept_invitation,
    authenticate,
    check_email,
    choose_language,
    create_user,
    give_password,
    hash_token,
    invite,
    note_sign_in,
    set_departments,
)

__all__ = [
    "INVITATION",
    "UserDraft",
    "accept_invitation",
    "authenticate",
    "check_email",
    "choose_language",
    "create_user",
    "give_password",
    "hash_token",
    "invite",
    "note_sign_in",
    "set_departments",
]
