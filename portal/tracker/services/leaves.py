"""Leave of a facilitator: entered and taken back. What it means for each week is planning's business."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from secrets import token_hex
from typing import cast

from sqlalchemy import Table, delete, select, update

from portal.accounts.models import Facilitator
from portal.allocations.queries.selections import lock_courses
from portal.audit.services import Actor, record
from portal.catalogue.calendar import Rules
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.notifications.services import Fact, notify_many
from portal.scoping import past_departments
from portal.tracker.models import ActivityLog, Leave
from portal.tracker.queries.leaves import Absence, Effect, courses_touched_by, effect_of, find_absence, overlapping
from portal.tracker.queries.people import user_of_facilitator
from portal.tracker.services.planning import plan_logs
from portal.tracker.services.signals import weeks_owed_again

LONGEST_REASON = 500
LONGEST_LEAVE = timedelta(days=400)
_YEARS = range(1950, 2151)
ENTERED, ENDED, STANDING_IN = "leave_entered", "leave_ended", "standing_in"
_LEAVES = cast(Table, Leave.__table__)
_LOGS = cast(Table, ActivityLog.__table__)


@dataclass(frozen=True, slots=True)
class LeaveDraft:
    """A leave as it is to be entered; without a substitute its weeks are excused. Both days are included."""

    facilitator_id: int
    first_day: date
    last_day: date
    substitute_id: int | None
    reason: str


@past_departments()
def grant(draft: LeaveDraft, rules: Rules, by: Actor) -> Effect:
    """Enter a leave and plan the weeks that it covers anew, in whatever department; gives what came of it.

    Raises DomainError on "first_day", "last_day", "reason" and "substitute", Conflict on "first_day" when somebody is
    away already.
    """
    _check(draft)
    # Two who enter leave for one person follow each other.
    who = select(Facilitator.id).where(Facilitator.id == draft.facilitator_id)
    # Not so closely that whoever plans a course waits, whose logs refer to them; PostgreSQL can tell the two.
    db.session.execute(who.with_for_update(key_share=True))
    if overlapping(draft.facilitator_id, draft.first_day, draft.last_day):
        raise Conflict(lazy("On some of these days they are on leave already."), "first_day")
    row = Leave(
        facilitator_id=draft.facilitator_id,
        first_day=draft.first_day,
        last_day=draft.last_day,
        substitute_id=draft.substitute_id,
        reason=draft.reason,
        granted_by=by.user_id,
    )
    db.session.add(row)
    db.session.flush()
    absence = find_absence(row.id)
    if absence is None:
        raise NotFound(lazy("This leave is not there any more."))
    plan_logs(courses_touched_by(absence), rules)
    record(
        by, "grant_leave", Leave.__tablename__, absence.id,
        facilitator_id=(None, absence.facilitator_id), first_day=(None, absence.first_day),
        last_day=(None, absence.last_day), substitute_id=(None, absence.substitute_id), reason=(None, absence.reason),
    )  # fmt: skip
    effect = effect_of(absence)
    _tell(absence, ENTERED, STANDING_IN, effect.weeks, by)
    return effect


@past_departments()
def withdraw(leave_id: int, rules: Rules, now: datetime, by: Actor) -> Absence:
    """Take a leave back: what it excused is owed again, and coming weeks fall to who teaches the course.

    Weeks that somebody began as a substitute stay with them. Raises NotFound.
    """
    db.session.execute(select(Leave.id).where(Leave.id == leave_id).with_for_update())
    absence = find_absence(leave_id)
    if absence is None:
        raise NotFound(lazy("This leave is not there any more."))
    courses = courses_touched_by(absence)
    # Courses before their logs, as whoever plans does.
    lock_courses(sorted(courses))
    nothing = {"excused_at": None, "excused_by": None, "excused_reason": None}
    of_it = _LOGS.c.leave_id == leave_id
    excused = (of_it, _LOGS.c.excused_at.is_not(None), _LOGS.c.submitted_at.is_(None))
    owed_again = db.session.scalars(select(_LOGS.c.id).where(*excused).order_by(_LOGS.c.id)).all()
    values = {**nothing, "version": _LOGS.c.version + 1, "updated_at": now}
    db.session.execute(update(_LOGS).where(*excused).values(values))
    weeks_owed_again.send(None, log_ids=owed_again)
    db.session.execute(update(_LOGS).where(of_it).values(leave_id=None))
    db.session.execute(delete(_LEAVES).where(_LEAVES.c.id == leave_id))
    plan_logs(courses, rules)
    record(
        by, "withdraw_leave", Leave.__tablename__, leave_id,
        facilitator_id=(absence.facilitator_id, None), first_day=(absence.first_day, None),
        last_day=(absence.last_day, None), substitute_id=(absence.substitute_id, None),
    )  # fmt: skip
    _tell(absence, ENDED, ENDED, 0, by)
    return absence


def _check(draft: LeaveDraft) -> None:
    for field, day in (("first_day", draft.first_day), ("last_day", draft.last_day)):
        if day.year not in _YEARS:
            raise DomainError(lazy("This day is too far away."), field)
    if draft.last_day < draft.first_day:
        raise DomainError(lazy("The last day lies before the first."), "last_day")
    if draft.last_day - draft.first_day > LONGEST_LEAVE:
        raise DomainError(lazy("That is more than a year. Allocate the courses to somebody else."), "last_day")
    if draft.substitute_id == draft.facilitator_id:
        raise DomainError(lazy("Nobody stands in for themselves."), "substitute")
    if not draft.reason.strip():
        raise DomainError(lazy("Say why. It stands as the reason at every week that is excused."), "reason")
    if len(draft.reason) > LONGEST_REASON:
        raise DomainError(lazy("At most %(most)s characters.", most=LONGEST_REASON), "reason")


def _tell(absence: Absence, own: str, other: str, weeks: int, by: Actor) -> None:
    """Tell who is away and who stands in, unless they did it themselves."""
    facts = []
    for facilitator_id, kind in ((absence.facilitator_id, own), (absence.substitute_id, other)):
        user_id = user_of_facilitator(facilitator_id) if facilitator_id is not None else None
        if user_id is not None and user_id != by.user_id:
            params = {
                "first_day": absence.first_day.isoformat(),
                "last_day": absence.last_day.isoformat(),
                "weeks": weeks,
                "stands_in": facilitator_id == absence.substitute_id,
                "is_excused": absence.substitute_id is None,
                "is_over": kind == ENDED,
            }
            # Every time is a fact of its own: the number of a leave that was taken back may be given to another one.
            facts.append(Fact(user_id, kind, params, f"{kind}:{token_hex(8)}:{user_id}"))
    if facts:
        notify_many(facts)
