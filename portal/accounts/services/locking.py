"""Who writes what belongs to an account takes its row first, and so waits for whoever does the same."""

from sqlalchemy import select

from portal.accounts.models import User
from portal.extensions import db


def lock_account(user_id: int) -> bool:
    """Hold the row of an account until the transaction ends; False when there is no such account.

    Before the sessions, links and choices that belong to it, and before any row that refers to it: for each of those
    MariaDB locks the account, and two that hold it so could not both write it afterwards.
    """
    return db.session.scalar(select(User.id).where(User.id == user_id).with_for_update()) is not None
