"""What people want to be told, in which way and when, and whose mail is refused."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.queries.personal_data import list_of
from portal.bulk import in_chunks
from portal.extensions import db
from portal.notifications.groups import optional_groups
from portal.notifications.models import Choice, MailRefusal, QuietHours, Way


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """The last time that somebody's mail was refused or came back."""

    address: str
    code: str
    said: str
    is_bounce: bool
    times: int
    refused_at: datetime


def list_switched_off(user_ids: Collection[int], groups: Collection[str]) -> set[tuple[int, str, Way]]:
    """Who wants nothing of these groups, and in which way. One statement for each 500 people, none if all must be told.

    What is mandatory is never switched off, whatever somebody chose before it was.
    """
    optional = optional_groups() & set(groups)
    found: set[tuple[int, str, Way]] = set()
    for ids in in_chunks(sorted(user_ids)) if optional else ():
        chosen = select(Choice.user_id, Choice.group_name, Choice.way)
        rows = db.session.execute(chosen.where(Choice.user_id.in_(ids), Choice.group_name.in_(sorted(optional))))
        found |= {(user_id, group, Way(way)) for user_id, group, way in rows}
    return found


def find_quiet_hours(user_ids: Collection[int]) -> Mapping[int, tuple[int, int]]:
    """The quiet hours of those who set their own, in minutes after midnight. One statement for each 500 people."""
    found: dict[int, tuple[int, int]] = {}
    for ids in in_chunks(sorted(user_ids)):
        wanted = select(QuietHours.user_id, QuietHours.begins, QuietHours.ends).where(QuietHours.user_id.in_(ids))
        found |= {user_id: (begins, ends) for user_id, begins, ends in db.session.execute(wanted)}
    return found


def find_refusal(user_id: int) -> RefusalRow | None:
    """Whether somebody's mail is refused at present. One statement."""
    wanted = select(
        MailRefusal.address,
        MailRefusal.code,
        MailRefusal.said,
        MailRefusal.is_bounce,
        MailRefusal.times,
        MailRefusal.refused_at,
    )
    row = db.session.execute(wanted.where(MailRefusal.user_id == user_id)).one_or_none()
    return RefusalRow(*row) if row else None


def list_own_choices(user_id: int) -> list[dict[str, Any]]:
    """Of which groups a person wants to hear nothing, and in which way. One statement."""
    wanted = select(Choice.group_name, Choice.way, Choice.created_at)
    return list_of(wanted.where(Choice.user_id == user_id).order_by(Choice.group_name, Choice.way))


def list_own_quiet_hours(user_id: int) -> list[dict[str, Any]]:
    """When a person wants no mail, in minutes after midnight. One statement."""
    return list_of(select(QuietHours.begins, QuietHours.ends).where(QuietHours.user_id == user_id))


def list_own_refusals(user_id: int) -> list[dict[str, Any]]:
    """The last time that mail to a person was refused. One statement."""
    wanted = select(MailRefusal.refused_at, MailRefusal.address, MailRefusal.code, MailRefusal.said, MailRefusal.times)
    return list_of(wanted.where(MailRefusal.user_id == user_id))
