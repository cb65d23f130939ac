"""The ladder of reminders as administrators set it."""

from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, update

from portal import clock
from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.tracker.ladder import BEFORE, DUE, TODAY
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
    found = find_stage(stage_id)
    if found is None:
        raise NotFound(lazy("There is no such stage."))
    days = -draft.days if found.key in BEFORE else draft.days
    if (days, draft.is_active) == (found.working_days, found.is_active):
        return False
    _check(found.key, draft.days)
    written = db.session.execute(
        update(_STAGES)
        .where(_STAGES.c.id == stage_id, _STAGES.c.version == version)
        .values(working_days=days, is_active=draft.is_active, version=version + 1, updated_at=clock.now())
    )
    if not written.rowcount:  # type: ignore[attr-defined]
        raise Conflict(lazy("Someone changed this stage meanwhile. Look at it as it is now, then decide again."))
    values = {"working_days": (found.working_days, days), "is_active": (found.is_active, draft.is_active)}
    changes = {name: (before, after) for name, (before, after) in values.items() if before != after}
    record(by, "update", ReminderStage.__tablename__, stage_id, **changes)
    return True


def _check(key: str, days: int) -> None:
    least, most = (0, MOST_BEFORE) if key in BEFORE else (1, MOST_AFTER)
    if not least <= days <= most:
        raise DomainError(lazy("Use a number from %(least)s to %(most)s.", least=least, most=most), "days")
    present = {kept.key: -kept.working_days for kept in list_stages()} | {key: days}
    if present[DUE] <= present[TODAY]:
        raise DomainError(lazy("The first reminder must come before the last one."), "days")
