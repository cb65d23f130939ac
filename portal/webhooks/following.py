"""Noticing what happens, and writing it down as messages in the same transaction, as its last deed but one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from portal.audit.services import Change, changes_recorded
from portal.extensions import db
from portal.tracker.services.signals import weeks_owed_again
from portal.webhooks.events import EXPECTED, LOG, Happened, events_of
from portal.webhooks.services.messages import write_messages

_NOTED = "portal_webhooks_noted"


@dataclass(frozen=True, slots=True)
class _Note:
    """An event, and the transactions within which it happened: it did not when one of them is rolled back."""

    happened: Happened
    within: tuple[SessionTransaction, ...]


def init_following() -> None:
    """Listen; doing so again changes nothing."""
    changes_recorded.connect(_note_changes)
    weeks_owed_again.connect(_note_weeks)
    if not event.contains(db.session, "before_commit", _write):
        # Before the pulses: what they lock is held no longer than the commit takes.
        event.listen(db.session, "before_commit", _write, insert=True)
        event.listen(db.session, "after_soft_rollback", _forget)


def _note_changes(_sender: object, changes: Sequence[Change]) -> None:
    _note([one for change in changes for one in events_of(change)])


def _note_weeks(_sender: object, log_ids: Sequence[int]) -> None:
    _note([Happened(EXPECTED, LOG, log_id) for log_id in log_ids])


def _note(events: Sequence[Happened]) -> None:
    if events:
        session = db.session()
        within = tuple(_chain(session))
        session.info.setdefault(_NOTED, []).extend(_Note(one, within) for one in events)


def _chain(session: Session) -> Any:
    present = session.get_nested_transaction() or session.get_transaction()
    while present is not None:
        yield present
        present = present.parent


def _forget(session: Session, ended: SessionTransaction) -> None:
    if noted := session.info.get(_NOTED):
        session.info[_NOTED] = [note for note in noted if ended not in note.within]


def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    noted = session.info.pop(_NOTED, None)
    root = session.get_transaction()
    # What an earlier transaction left behind that was closed without a word did not happen.
    events = [note.happened for note in noted or () if root in note.within]
    if events:
        write_messages(events)
