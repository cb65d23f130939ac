"""Links that people ask for themselves: sent to the owner of the account alone, and not as often as somebody asks."""

from datetime import timedelta

from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import OneTimeToken
from portal.accounts.services.locking import lock_account
from portal.accounts.services.tokens import Purpose, issue_token
from portal.accounts.signals import Letter, send_letters
from portal.audit.services import Actor, record
from portal.extensions import db


def send_link(user_id: int, purpose: Purpose, key: str, by: Actor, *, every: timedelta) -> bool:
    """Send the owner of an account a new link, unless they were sent one for the same purpose so short a time ago.

    Gives whether it is sent. Earlier links for this purpose stop working then. `key` is the portal's secret key.
    """
    # Whoever asks at the same moment waits here, and then finds the link of the first.
    lock_account(user_id)
    sent = select(func.max(OneTimeToken.created_at)).where(
        OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose
    )
    latest = db.session.scalar(sent)
    if latest is not None and latest > clock.now() - every:
        return False
    issued = issue_token(user_id, purpose, key)
    record(by, f"send_{purpose}_link", "users", user_id)
    send_letters([Letter(user_id, purpose, issued.id)])
    return True
