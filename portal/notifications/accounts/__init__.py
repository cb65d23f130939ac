"""What people are told about their accounts: links that work once, and what was done to an account.

The accounts below announce it (`portal.accounts.signals`); here it becomes notifications, in the same transaction.
"""

from flask import Flask

from portal.accounts.signals import letters_due, notices_due
from portal.notifications.accounts.letters import register_letters
from portal.notifications.accounts.notices import register_notices
from portal.notifications.services.accounts import tell_letters, tell_notices


def init_accounts(app: Flask) -> None:
    """Make the kinds known and listen to the accounts; doing so again changes nothing."""
    register_letters()
    register_notices()
    letters_due.connect(tell_letters)
    notices_due.connect(tell_notices)
