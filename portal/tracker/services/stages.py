"""The ladder of reminders as administrators set it."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, delete, select, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.tracker.ladder import ADDABLE, BEFORE, DUE, TODAY, base_of, keys_of
from portal.tracker.models import ReminderStage
from portal.tracker.queries.stages import find_stage, list_stages

MOST_BEFORE, MOST_AFTER = 10, 20
_STAGES = cast(Table, ReminderStage.__table__)


@dataclass(frozen=True, slots=True)
class StageDraft:
    """How a stage is wanted: how many working days from the deadline, and whether it is in force."""

    days: int
    is_active: bool


def change_stage(stage_id: int, draft: StageDraft, version: int, by: Actor) -> bool:
    """Move a stage, switch it off or on. False when nothing differs.

    Raises NotFound, DomainError on "days", Conflict when somebody changed it since `version`.
    """
    _lock_ladder()
    found = find_stage(stage_id)
    if found is None:
        raise NotFound(lazy("There is no such stage."))
    days = -draft.days if base_of(found.key) in BEFORE else draft.days
    if (days, draft.is_active) == (found.working_days, found.is_active):
        return False
    _check(found.key, draft.days)
    written = db.write(
        update(_STAGES)
        .where(_STAGES.c.id == stage_id, _STAGES.c.version == version)
        .values(working_days=days, is_active=draft.is_active, version=_STAGES.c.version + 1, updated_at=clock.now())
    )
    if not written:
        raise Conflict(_CHANGED)
    values = {"working_days": (found.working_days, days), "is_active": (found.is_active, draft.is_active)}
    changes = {name: (before, after) for name, (before, after) in values.items() if before != after}
    record(by, "update", ReminderStage.__tablename__, stage_id, **changes)
    return True


def add_stage(base: str, days: int, by: Actor) -> int:
    """Tell those whom a stage tells once more, so many working days before or after the deadline; gives its id.

    Raises DomainError on "who" and "days".
    """
    if base not in ADDABLE:
        raise DomainError(lazy("Choose who is told."), "who")
    _lock_ladder()
    free = [key for key in keys_of(base) if key not in {kept.key for kept in list_stages()}]
    if not free:
        raise DomainError(lazy("There are enough stages for these people: more would be nagging."), "who")
    _check(free[0], days)
    row = ReminderStage(key=free[0], working_days=-days if base in BEFORE else days, is_active=True)
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as error:  # another administrator added one a moment ago
        raise Conflict(lazy("Someone added a stage at the same moment. Look at it, then add yours.")) from error
    record(
        by, "create", ReminderStage.__tablename__, row.id, stage=(None, row.key), working_days=(None, row.working_days)
    )
    return row.id


def remove_stage(stage_id: int, version: int, by: Actor) -> None:
    """Take away a stage that was added. What was told at it stays told.

    Raises NotFound, Conflict for one of the first five, which can be switched off, or when somebody changed it since.
    """
    found = find_stage(stage_id)
    if found is None:
        raise NotFound(lazy("There is no such stage."))
    if not found.is_added:
        raise Conflict(lazy("This stage can be switched off, but not removed."))
    gone = delete(_STAGES).where(_STAGES.c.id == stage_id, _STAGES.c.version == version)
    if not db.write(gone):
        raise Conflict(_CHANGED)
    record(by, "delete", ReminderStage.__tablename__, stage_id, stage=(found.key, None),
           working_days=(found.working_days, None))  # fmt: skip


def _lock_ladder() -> None:
    """Whoever changes the ladder waits here for whoever does so now: its rules are about all stages together."""
    db.session.execute(select(_STAGES.c.id).order_by(_STAGES.c.id).with_for_update()).all()


def _check(key: str, days: int) -> None:
    base = base_of(key)
    least = 0 if base == TODAY else 1
    most = MOST_BEFORE if base in BEFORE else MOST_AFTER
    if not least <= days <= most:
        raise DomainError(lazy("Use a number from %(least)s to %(most)s.", least=least, most=most), "days")
    present = {kept.key: abs(kept.working_days) for kept in list_stages()} | {key: days}
    if min(present[one] for one in present if base_of(one) == DUE) <= present[TODAY]:
        raise DomainError(lazy("The first reminder must come before the last one."), "days")
    if any(present[one] == days for one in present if one != key and base_of(one) == base):
        raise DomainError(lazy("On this day these people are told already."), "days")


_CHANGED = lazy("Someone changed this stage meanwhile. Look at it as it is now, then decide again.")
