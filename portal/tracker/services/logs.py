"""Filling in a week: ticks, notes, submitting. Races are settled by the log's version, in the database."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.tracker import queries
from portal.tracker.models import ActivityLog, ItemStatus
from portal.tracker.queries import Item, Log, Moment
from portal.tracker.services.merging import Clashes, Edit, Merge, merge
from portal.tracker.services.signals import week_submitted
from portal.tracker.services.writing import take_version, write_items
from portal.tracker.states import LogState

# A lost race is merged anew; whoever loses so often is told to try again.
ATTEMPTS = 4


class Locked(Conflict):
    """The week cannot be filled in: submitted, excused, not begun, or the course is cancelled."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A log as it stands after an edit, and what of the edit was not written."""

    log: Log
    clashes: Clashes


def save(log: Log, edit: Edit, moment: Moment, by: Actor, *, submit: bool = False, again: bool = True) -> Saved:
    """Write what of the edit fits, and hand the week in if `submit` and nothing clashes.

    `again`: handing in what is handed in already, as a double click does, is no fault.
    Three statements at most for one tick. Raises Locked, NotFound and DomainError as `merge` does.
    """
    for _attempt in range(ATTEMPTS):
        if submit and again and log.is_submitted:
            return _submitted_already(log, edit)
        check_open(log)
        merged = merge(log, edit)
        submitting = submit and not merged.clashes
        if merged.is_empty and not submitting:
            return Saved(log, merged.clashes)
        written = _write(log, merged, moment, by, submitting=submitting)
        if written is not None:
            return Saved(written, merged.clashes)
        log = reload(log, moment)
    raise too_many()


def all_done(log: Log) -> dict[str, ItemStatus]:
    """The statuses that fill a week: every expected item done."""
    return {item.key: ItemStatus.DONE for item in log.all_items if item.expected}


def same_as_last_week(log: Log) -> dict[str, ItemStatus]:
    """The statuses of the week before for the items that this week expects.

    Raises DomainError when there is no week before, or nothing in it that this week expects.
    """
    before = queries.week_before(log)
    if before is None:
        raise DomainError(
            lazy("Week %(week)s is the first of this course: there is no last week.", week=log.week_number)
        )
    copied = {
        item.key: before.statuses[item.id] for item in log.all_items if item.expected and item.id in before.statuses
    }
    if not copied:
        raise DomainError(lazy("Week %(week)s holds nothing to copy. Nothing was changed.", week=before.week_number))
    return copied


def check_open(log: Log) -> None:
    """Raise Locked when the week cannot be filled in."""
    if log.is_open:
        return
    week = log.week_number
    if log.is_cancelled:
        raise Locked(lazy("This course is cancelled; its weeks are closed."))
    if log.state is LogState.EXCUSED:
        raise Locked(lazy("Week %(week)s is excused; there is nothing to fill in.", week=week))
    if log.state is LogState.NOT_DUE:
        raise Locked(lazy("Week %(week)s has not begun.", week=week))
    raise Locked(lazy("Week %(week)s was submitted. It is locked; ask your manager to reopen it.", week=week))


def _submitted_already(log: Log, edit: Edit) -> Saved:
    """The second of two clicks on Submit: done, unless it brings something that the first did not."""
    merged = merge(log, edit)
    if not merged.is_empty or merged.clashes:
        check_open(log)
    return Saved(log, Clashes())


def too_many() -> Conflict:
    """What is raised when others were quicker all the time."""
    return Conflict(lazy("Someone else is changing this week at this moment. Nothing was lost; try again."))


def reload(log: Log, moment: Moment) -> Log:
    """The log as it stands by now. Raises NotFound when somebody else owes it by now."""
    found = queries.log_owned_by(log.facilitator_id, log.id, moment)
    if found is None:
        raise NotFound(lazy("This week is not yours any more."))
    return found


def _write(log: Log, merged: Merge, moment: Moment, by: Actor, *, submitting: bool) -> Log | None:
    """Write the merge under the log's version; None when someone else was quicker."""
    after = _after(log, merged, moment.now, submitting=submitting)
    if not take_version(log, _changed(log, after, by), moment.now, quiet=not submitting):
        return None
    write_items(log, merged.statuses, moment.now, by, complete=submitting)
    changes = _differences(log, after, merged)
    record(by, "submit" if submitting else "fill_in", ActivityLog.__tablename__, log.id, **changes)
    if submitting:
        week_submitted.send(None, log=after)
    return after


def _after(log: Log, merged: Merge, now: datetime, *, submitting: bool) -> Log:
    """The log as it will be."""
    opening = all(item.status is None for item in log.all_items)
    items = tuple(_item_after(item, merged.statuses, now, opening=opening or submitting) for item in log.all_items)
    changes: dict[str, Any] = {"all_items": items, "version": log.version + 1, "started_at": log.started_at or now}
    if merged.notes is not None:
        changes["notes"] = merged.notes
    if submitting:
        changes |= {"submitted_at": now, "state": LogState.ON_TIME if now <= log.due_at else LogState.LATE}
    return replace(log, **changes)


def _item_after(item: Item, statuses: Mapping[str, ItemStatus], now: datetime, *, opening: bool) -> Item:
    if item.key in statuses:
        return replace(item, status=statuses[item.key], changed_at=now)
    if opening and item.expected and item.status is None:
        return replace(item, status=ItemStatus.NOT_STARTED, changed_at=now)
    return item


def _changed(log: Log, after: Log, by: Actor) -> dict[str, Any]:
    """The log's own columns that change."""
    values: dict[str, Any] = {"done_count": after.done_count}
    if after.notes != log.notes:
        values["notes"] = after.notes
    if after.submitted_at is not None:
        values |= {"submitted_at": after.submitted_at, "submitted_by": by.user_id}
    return values


def _differences(log: Log, after: Log, merged: Merge) -> dict[str, tuple[Any, Any]]:
    """Field by field what was and what is, for the audit."""
    before = {item.key: item.current for item in log.all_items}
    fields: dict[str, tuple[Any, Any]] = {key: (before[key], status) for key, status in merged.statuses.items()}
    if after.notes != log.notes:
        fields["notes"] = (log.notes, after.notes)
    if after.submitted_at != log.submitted_at:
        fields["submitted_at"] = (None, after.submitted_at)
    return fields
