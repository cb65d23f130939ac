"""Writing a week under its version: whoever raises it first has the right to write the rest."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Table, Update, bindparam, insert, update

from portal.audit.services import Actor
from portal.extensions import db
from portal.pulses import OF_WEEK, QUIET
from portal.tracker.models import ActivityLog, ActivityLogItem, ItemStatus
from portal.tracker.queries import Item, Log

_LOGS = cast(Table, ActivityLog.__table__)
_ITEMS = cast(Table, ActivityLogItem.__table__)


def take_version(log: Log, values: Mapping[str, Any], now: datetime, *, quiet: bool) -> bool:
    """Raise the log's version and write these columns of it, unless someone did since it was read. One statement.

    `quiet` is for what changes nothing that is counted: no page has to count anew for it.
    """
    new = {**values, "version": log.version + 1, "started_at": log.started_at or now, "updated_at": now}
    taken = db.write(
        _taking(tuple(new)),
        {"log_id": log.id, "seen": log.version, "owed_by": log.facilitator_id}
        | {f"new_{name}": value for name, value in new.items()},
        execution_options={QUIET: quiet, OF_WEEK: log.week_start},
    )
    return bool(taken)


@lru_cache(maxsize=32)
def _taking(names: tuple[str, ...]) -> Update:
    """The statement that writes these columns of a log that may still be filled in, if its version is as it was seen.

    Once for each set of columns: every tick sends one of them, and putting it together took longer than the database.
    """
    return (
        update(_LOGS)
        .where(
            _LOGS.c.id == bindparam("log_id"),
            _LOGS.c.version == bindparam("seen"),
            _LOGS.c.facilitator_id == bindparam("owed_by"),
            _LOGS.c.submitted_at.is_(None),
            _LOGS.c.excused_at.is_(None),
        )
        .values({name: bindparam(f"new_{name}", type_=_LOGS.c[name].type) for name in names})
    )


def write_items(log: Log, statuses: Mapping[str, ItemStatus], now: datetime, by: Actor, *, complete: bool) -> None:
    """Write the answers. Only who took the version comes here, so what was read still holds.

    What starts a log writes a row for every expected item, in one statement; so does submitting (`complete`).
    """
    written = [item for item in log.all_items if item.status is not None]
    fill = complete or not written
    new = [
        item for item in log.all_items
        if item.status is None and (item.key in statuses or (fill and item.expected))
    ]  # fmt: skip
    if new:
        # By number, as whoever keeps the checklist locks its items: MariaDB holds each that a new row refers to.
        new.sort(key=attrgetter("id"))
        db.session.execute(insert(_ITEMS), [_new_item(log, item, statuses, now, by) for item in new])
    for status in set(statuses.values()):
        ids = [item.id for item in written if statuses.get(item.key) is status]
        if ids:
            _set_items(log, ids, status, now, by)


def _new_item(log: Log, item: Item, statuses: Mapping[str, ItemStatus], now: datetime, by: Actor) -> dict[str, object]:
    return {
        "tracker_id": log.id,
        "item_id": item.id,
        "status": statuses.get(item.key, ItemStatus.NOT_STARTED),
        "updated_by": by.user_id,
        "created_at": now,
        "updated_at": now,
    }


def _set_items(log: Log, item_ids: Iterable[int], status: ItemStatus, now: datetime, by: Actor) -> None:
    items = {f"item_{place}": item_id for place, item_id in enumerate(item_ids)}
    said = {"log_id": log.id, "new_status": status, "by": by.user_id, "at": now}
    db.session.execute(_saying(tuple(items)), said | items)


@lru_cache(maxsize=32)
def _saying(items: tuple[str, ...]) -> Update:
    """The statement that sets so many items of a log; one for any number would be written anew each time it is sent."""
    asked = [bindparam(item, type_=_ITEMS.c.item_id.type) for item in items]
    return (
        update(_ITEMS)
        .where(_ITEMS.c.tracker_id == bindparam("log_id"), _ITEMS.c.item_id.in_(asked))
        .values(
            status=bindparam("new_status", type_=_ITEMS.c.status.type),
            updated_by=bindparam("by", type_=_ITEMS.c.updated_by.type),
            updated_at=bindparam("at", type_=_ITEMS.c.updated_at.type),
        )
    )
