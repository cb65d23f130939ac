"""What people want to be told, in which way, and when no mail."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from portal.accounts.services.locking import lock_account
from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.extensions import db
from portal.notifications.groups import optional_groups
from portal.notifications.hours import Quiet
from portal.notifications.models import Choice, QuietHours, Way


@dataclass(frozen=True, slots=True)
class Preferences:
    """Groups that a person switched off, each in a way; their quiet hours, None for the institution's."""

    off: frozenset[tuple[str, Way]]
    quiet: Quiet | None = None


def save_preferences(user_id: int, wanted: Preferences, shown: Collection[str], by: Actor) -> bool:
    """Keep what a person wants of the groups that were `shown` to them. False when nothing differs.

    What is mandatory stays on, whatever is asked.
    """
    changed = _save_choices(user_id, wanted.off, set(shown) & optional_groups(), by)
    return _save_quiet(user_id, wanted.quiet, by) or changed


def unsubscribe(user_id: int, groups: Collection[str], by: Actor) -> bool:
    """Send no more mails of these groups; doing so again changes nothing. False when there is no such person."""
    if not lock_account(user_id):
        return False
    wanted = frozenset((name, Way.MAIL) for name in set(groups) & optional_groups())
    before = {pair for pair in _switched_off(user_id) if pair[1] is Way.INBOX}
    _save_choices(user_id, wanted | before, {name for name, _way in wanted}, by)
    return True


def _switched_off(user_id: int) -> set[tuple[str, Way]]:
    rows = db.session.execute(select(Choice.group_name, Choice.way).where(Choice.user_id == user_id))
    return {(name, Way(way)) for name, way in rows}


def _save_choices(user_id: int, off: Collection[tuple[str, Way]], groups: Collection[str], by: Actor) -> bool:
    # One person in two windows: the second waits for the first and finds what it left.
    lock_account(user_id)
    before = {pair for pair in _switched_off(user_id) if pair[0] in groups}
    after = {pair for pair in off if pair[0] in groups}
    for name, way in before - after:
        gone = delete(Choice).where(Choice.user_id == user_id, Choice.group_name == name, Choice.way == way)
        db.session.execute(gone, execution_options=IN_PLACE)
    db.session.add_all(Choice(user_id=user_id, group_name=name, way=way) for name, way in sorted(after - before))
    db.session.flush()
    if before != after:
        record(by, "update", Choice.__tablename__, user_id, switched_off=(_listed(before), _listed(after)))
    return before != after


def _listed(pairs: Collection[tuple[str, Way]]) -> str:
    return ", ".join(sorted(f"{name} ({way})" for name, way in pairs))


def _save_quiet(user_id: int, wanted: Quiet | None, by: Actor) -> bool:
    kept = db.session.get(QuietHours, user_id)
    before = Quiet(kept.begins, kept.ends) if kept else None
    if before == wanted:
        return False
    if kept is not None and wanted is None:
        db.session.delete(kept)
    elif wanted is not None:
        row: Any = kept or QuietHours(user_id=user_id)
        row.begins, row.ends = wanted.begins, wanted.ends
        db.session.add(row)
    db.session.flush()
    hours = [f"{one.begins // 60:02}:{one.begins % 60:02}–{one.ends // 60:02}:{one.ends % 60:02}" if one else None
             for one in (before, wanted)]  # fmt: skip
    record(by, "update", QuietHours.__tablename__, user_id, quiet_hours=(hours[0], hours[1]))
    return True
