"""Writing a week under its version: whoever raises it first has the right to write the rest."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert, update

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
    taken = db.session.execute(
        update(_LOGS)
        .where(
            _LOGS.c.id == log.id,
            _LOGS.c.version == log.version,
            _LOGS.c.facilitator_id == log.facilitator_id,
            _LOGS.c.submitted_at.is_(None),
            _LOGS.c.excused_at.is_(None),
        )
        .values(**values, version=log.version + 1, started_at=log.started_at or now, updated_at=now),
        execution_options={QUIET: quiet, OF_WEEK: log.week_start},
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


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
    db.session.execute(
        update(_ITEMS)
        .where(_ITEMS.c.tracker_id == log.id, _ITEMS.c.item_id.in_(item_ids))
        .values(status=status, updated_by=by.user_id, updated_at=now)
    )
