"""Connecting what waited until its owner signed in."""

from portal.accounts.openid.flows import Waiting, present_waiting
from portal.accounts.queries import Person
from portal.accounts.services.identities import ProviderAccount, connect
from portal.errors import DomainError
from portal.web.access import Actor


def link_pending(person: Person, request_id: str | None) -> Waiting | None:
    """Connect the account that waits in this browser to that of the person who has just signed in, if it is for them.

    To be called in the transaction of their sign-in, after which nothing waits any more. Gives what was connected.
    """
    waiting = present_waiting()
    if waiting is None or waiting.user_id != person.id:
        return None
    account = ProviderAccount(waiting.issuer, waiting.subject, waiting.provider, waiting.email, is_verified=True)
    try:
        return waiting if connect(person.id, account, Actor(person.id, request_id)) else None
    except DomainError:  # somebody else connected it meanwhile
        return None
