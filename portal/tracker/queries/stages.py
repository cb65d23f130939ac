"""The stages of the ladder as they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.catalogue.queries import list_breaks
from portal.extensions import db
from portal.tracker.ladder import Ladder, Stage, base_of
from portal.tracker.models import ReminderStage


@dataclass(frozen=True, slots=True)
class KeptStage:
    """A stage as administrators see it."""

    id: int
    key: str
    working_days: int
    is_active: bool
    version: int

    @property
    def is_added(self) -> bool:
        """Whether an administrator added it, and may take it away again."""
        return self.key != base_of(self.key)

    @property
    def stage(self) -> Stage:
        """What the ladder knows of it."""
        return Stage(self.key, self.working_days, self.is_active)


_COLUMNS = (
    ReminderStage.id, ReminderStage.key, ReminderStage.working_days, ReminderStage.is_active, ReminderStage.version,
)  # fmt: skip


_ORDER = (ReminderStage.working_days, ReminderStage.id)


def list_stages() -> Sequence[KeptStage]:
    """All stages in their order. One statement."""
    return [KeptStage(*row) for row in db.session.execute(select(*_COLUMNS).order_by(*_ORDER))]


def find_stage(stage_id: int) -> KeptStage | None:
    """One stage; None when there is none. One statement."""
    row = db.session.execute(select(*_COLUMNS).where(ReminderStage.id == stage_id)).one_or_none()
    return KeptStage(*row) if row else None


def read_ladder(zone: ZoneInfo) -> Ladder:
    """The ladder as it stands, with the breaks of the calendar. Two statements."""
    return Ladder([kept.stage for kept in list_stages()], zone, list_breaks())
