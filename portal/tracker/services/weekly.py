"""The week in numbers: managers hear once of each week, on the working day after its deadline."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.scopes import list_scopes
from portal.catalogue.calendar import Rules, Week, due_at, monday_of
from portal.catalogue.queries import list_breaks
from portal.extensions import db
from portal.notifications.models import Notification
from portal.notifications.services import Fact, notify_many
from portal.scoping import is_by_department, within
from portal.tracker.ladder import Ladder, Stage
from portal.tracker.queries.alerts import list_responsible
from portal.tracker.queries.compliance import Sums, sums_by_week
from portal.tracker.queries.rows import Moment

WEEKLY = "weekly_compliance"
_NEXT_DAY = Stage(WEEKLY, 1)
_WEEK = timedelta(days=7)
# After an outage of more days nobody wants the old numbers.
_LATEST = timedelta(days=5)


def tell_weekly(now: datetime, rules: Rules) -> int:
    """Tell every manager how the last week that is over stands; gives how many. Running it again tells nothing.

    It leaves its transaction for the caller to commit.
    """
    week = _week_to_tell(now, rules)
    if week is None:
        return 0
    people = list_responsible().everybody
    keys = {user_id: f"{WEEKLY}:{week.start}:{user_id}" for user_id in people}
    told = set(db.session.scalars(select(Notification.dedupe_key).where(Notification.dedupe_key.in_(keys.values()))))
    untold = [user_id for user_id in people if keys[user_id] not in told]
    params = _params_by_person(untold, week, now, rules)
    facts = [Fact(user_id, WEEKLY, params[user_id], keys[user_id]) for user_id in untold if user_id in params]
    try:
        with db.session.begin_nested():
            return notify_many(facts) if facts else 0
    except IntegrityError:  # another worker did it a moment ago
        return 0


def _params_by_person(people: Sequence[int], week: Week, now: datetime, rules: Rules) -> dict[int, dict[str, Any]]:
    """The numbers of the week as each of these managers sees it; nobody's of whom nothing was owed."""
    scopes = list_scopes(people) if is_by_department() else dict.fromkeys(people)
    found = {}
    for scope in set(scopes.values()):
        with within(scope):
            sums = _sums_of(week, now, rules)
        if sums is not None and sums.owed:
            found[scope] = {"week_start": week.start.isoformat(), "on_time": sums.on_time, "late": sums.late,
                            "missing": sums.missing, "excused": sums.excused}  # fmt: skip
    return {user_id: found[scope] for user_id, scope in scopes.items() if scope in found}


def _week_to_tell(now: datetime, rules: Rules) -> Week | None:
    """The last week whose deadline has passed, from the morning of the next working day on, for some days."""
    monday = monday_of(now.astimezone(rules.zone).date())
    while due_at(monday, rules) >= now:
        monday -= _WEEK
    begins = Ladder([_NEXT_DAY], rules.zone, list_breaks()).begins_at(_NEXT_DAY, due_at(monday, rules))
    return Week(0, monday) if begins <= now < begins + _LATEST else None


def _sums_of(week: Week, now: datetime, rules: Rules) -> Sums | None:
    weeks = sums_by_week(OfferingFilter(), Moment.of(now, rules.zone))
    return next((one.sums for one in weeks if one.start == week.start), None)
