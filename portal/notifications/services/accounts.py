"""Notifications of what the accounts announce."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.accounts.signals import Letter, Notice
from portal.bulk import in_chunks
from portal.extensions import db
from portal.notifications.models import Notification
from portal.notifications.services.telling import Fact, notify_many


def tell_letters(_sender: object, letters: Sequence[Letter]) -> None:
    """A message of its own for each link. The link itself is made when the message is written."""
    facts = [
        Fact(letter.user_id, letter.purpose, {"token_id": letter.token_id}, f"letter:{letter.token_id}")
        for letter in letters
    ]
    notify_many(facts)


def tell_notices(_sender: object, notices: Sequence[Notice]) -> None:
    """A notification for each fact that was not told before."""
    facts = [
        Fact(notice.user_id, notice.kind, dict(notice.params), f"{notice.key}:{notice.user_id}") for notice in notices
    ]
    told = _told([fact.dedupe_key for fact in facts])
    for these in _by_kind([fact for fact in facts if fact.dedupe_key not in told]):
        try:
            with db.session.begin_nested():
                notify_many(these)
        except IntegrityError:  # somebody else told one of them a moment ago
            continue


def _by_kind(facts: Sequence[Fact]) -> Iterable[list[Fact]]:
    """The facts of each kind apart: a letter has one subject, and one address that it may go to."""
    kinds = sorted({fact.kind for fact in facts})
    return ([fact for fact in facts if fact.kind == kind] for kind in kinds)


def _told(keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for part in in_chunks(keys):
        found.update(db.session.scalars(select(Notification.dedupe_key).where(Notification.dedupe_key.in_(part))))
    return found
