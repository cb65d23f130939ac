"""What came of a load: how long answers took, and whether each write that was answered is in the database."""

import statistics
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select, update

from bench.morning import Actor, Log, Taken
from portal.extensions import db
from portal.tracker.models import ActivityLog, ActivityLogItem, ChecklistItem


@dataclass(frozen=True, slots=True)
class Tally:
    """Writes that were answered, and how many of them are not there."""

    answered: int
    lost: int

    def __str__(self) -> str:
        return f"writes answered until now: {self.answered}; of these not in the database: {self.lost}"


def count(actors: list[Actor]) -> Tally:
    """Answered writes that are not there, by version of the log and by state of each item; and how many there were."""
    logs = [log for actor in actors for log in actor.logs]
    versions = dict(iter(db.session.execute(select(ActivityLog.id, ActivityLog.version))))
    items = select(ActivityLogItem.tracker_id, ChecklistItem.key, ActivityLogItem.status).join(
        ChecklistItem, ChecklistItem.id == ActivityLogItem.item_id
    )
    states = {(log_id, key): status for log_id, key, status in db.session.execute(items)}
    db.session.rollback()
    lost = sum(max(log.answered - (versions[log.id] - log.first_version), _wrong_cells(log, states)) for log in logs)
    return Tally(sum(log.answered for log in logs), lost)


def _wrong_cells(log: Log, states: dict[tuple[int, str], str]) -> int:
    """How many items are neither as was answered nor as was asked for since."""
    there = {cell.key: states.get((log.id, cell.key), "Not Started") for cell in log.cells}
    return sum(there[cell.key] not in {cell.status, cell.open_wish} for cell in log.cells)


def lose_one(actors: list[Actor]) -> None:
    """Take back one write that was answered, as a database would that said it had kept it: the count must find it."""
    log, cell = next(
        (log, cell) for actor in actors for log in actor.logs for cell in log.cells
        if cell.status != "Not Started" and cell.open_wish is None
    )  # fmt: skip
    item = select(ChecklistItem.id).where(ChecklistItem.key == cell.key).scalar_subquery()
    lost = update(ActivityLogItem).where(ActivityLogItem.tracker_id == log.id, ActivityLogItem.item_id == item)
    db.session.execute(lost.values(status="Not Started"), execution_options={"synchronize_session": False})
    before = update(ActivityLog).where(ActivityLog.id == log.id).values(version=ActivityLog.version - 1)
    db.session.execute(before, execution_options={"synchronize_session": False})
    db.session.commit()


def show(taken: list[Taken], lasted: float) -> None:
    """Print requests a second, how long answers took, and errors, of all and of each kind."""
    for kind in ("", *sorted({one.kind for one in taken})):
        some = [one for one in taken if one.kind == kind or not kind]
        times = [one.seconds for one in some]
        print(
            f"{kind or 'all':<12}{len(some) / lasted:>7.1f} requests/s   p50 {statistics.median(times) * 1000:>6.0f} ms"
            f"   p95 {quantile(times, 95):>6.0f} ms   p99 {quantile(times, 99):>6.0f} ms"
            f"   errors {sum(one.failed for one in some)}"
        )
    if errors := Counter(one.status for one in taken if one.failed):
        print("errors by status (0: no answer): " + ", ".join(f"{status}: {n}" for status, n in errors.items()))


def quantile(seconds: list[float], percent: int) -> float:
    """Milliseconds that so many percent stay below."""
    return statistics.quantiles(seconds, n=100)[percent - 1] * 1000 if len(seconds) > 1 else seconds[0] * 1000
