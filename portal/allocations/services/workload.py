"""Changing what work counts: the formula, a course's own minutes, and how much somebody may have."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, update

from portal.accounts.models import Facilitator
from portal.allocations.models import CourseOffering, WorkloadFormula, WorkloadOverride
from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db

MAX_REASON = 500
# A year has 525,600 minutes.
MOST_MINUTES = 600_000
MOST_FTE, MOST_COURSES = Decimal(2), 99


@dataclass(frozen=True, slots=True)
class FormulaDraft:
    """The formula as someone wants it, in minutes; `full_time` at least 1."""

    per_credit: int
    per_student: int
    first_time: int
    full_time: int


@dataclass(frozen=True, slots=True)
class Terms:
    """How much somebody may have: part of full time, courses at one time, and whether any at all now."""

    fte: Decimal
    max_course_load: int
    is_available: bool


def change_formula(draft: FormulaDraft, seen_id: int, by: Actor) -> bool:
    """A new formula from now on; the earlier ones stay in the table. False when it is the one in force.

    Raises DomainError on the field that breaks a rule, Conflict when another one is in force than `seen_id`.
    """
    for name, value in asdict(draft).items():
        if not 0 <= value <= MOST_MINUTES:
            raise DomainError(lazy("Enter a number from 0 to %(most)s.", most=MOST_MINUTES), name)
    if not draft.full_time:
        raise DomainError(lazy("Full time cannot be nothing."), "full_time")
    present = db.session.scalars(
        select(WorkloadFormula).order_by(WorkloadFormula.id.desc()).limit(1).with_for_update()
    ).one()
    # Whoever waited for that row was given it all the same, though another one is in force by now.
    if seen_id != present.id or seen_id != db.session.scalar(select(func.max(WorkloadFormula.id))):
        raise Conflict(lazy("Somebody else changed this meanwhile. Look at it again."), "per_credit")
    changed = {name: (getattr(present, name), value) for name, value in asdict(draft).items()
               if getattr(present, name) != value}  # fmt: skip
    if not changed:
        return False
    new = WorkloadFormula(**asdict(draft), author_id=by.user_id)
    db.session.add(new)
    db.session.flush()
    record(by, "update", WorkloadFormula.__tablename__, new.id, **changed)
    return True


def override_minutes(offering_id: int, minutes: int | None, reason: str, seen: int | None, by: Actor) -> bool:
    """Say what a course really is, in minutes, or with None that the formula is right; False when it stood so already.

    Raises NotFound; DomainError on "minutes" or "reason"; Conflict when somebody said something else than `seen`.
    """
    if minutes is not None and not 0 <= minutes <= MOST_MINUTES:
        raise DomainError(lazy("Enter a number from 0 to %(most)s.", most=MOST_MINUTES), "minutes")
    if minutes is not None and not reason.strip():
        raise DomainError(lazy("Say why the formula is wrong here."), "reason")
    # Locked, so that two people who say something say it one after the other.
    wanted = select(CourseOffering.id).where(CourseOffering.id == offering_id).with_for_update()
    if db.session.scalar(wanted) is None:
        raise NotFound(lazy("There is no such course."))
    present = db.session.get(WorkloadOverride, offering_id, populate_existing=True)
    now = present.minutes if present else None
    if now != seen:
        raise Conflict(lazy("Somebody else changed this meanwhile. Look at it again."), "minutes")
    if now == minutes and (present is None or present.reason == reason.strip()):
        return False
    if minutes is None:
        db.session.delete(present)
    elif present:
        present.minutes, present.reason, present.author_id = minutes, reason.strip()[:MAX_REASON], by.user_id
    else:
        db.session.add(WorkloadOverride(offering_id=offering_id, minutes=minutes, author_id=by.user_id,
                                        reason=reason.strip()[:MAX_REASON]))  # fmt: skip
    db.session.flush()
    why: dict[str, Any] = {"reason": (None, reason.strip()[:MAX_REASON])} if reason.strip() else {}
    record(by, "weigh", CourseOffering.__tablename__, offering_id, minutes=(now, minutes), **why)
    return True


def change_terms(facilitator_id: int, wanted: Terms, seen: Terms, by: Actor) -> bool:
    """Change how much somebody may have; False when it stood so already.

    Raises NotFound; DomainError on the field that breaks a rule; Conflict when it is not as `seen` any more.
    """
    if not 0 <= wanted.fte <= MOST_FTE:
        raise DomainError(lazy("Enter a number from 0 to %(most)s.", most=MOST_FTE), "fte")
    if not 0 <= wanted.max_course_load <= MOST_COURSES:
        raise DomainError(lazy("Enter a number from 0 to %(most)s.", most=MOST_COURSES), "max_course_load")
    changed = {name: (getattr(seen, name), value) for name, value in asdict(wanted).items()
               if getattr(seen, name) != value}  # fmt: skip
    if not changed:
        return False
    there = [Facilitator.id == facilitator_id]
    as_seen = [getattr(Facilitator, name) == value for name, value in asdict(seen).items()]
    done = db.write(update(Facilitator).where(*there, *as_seen).values(**asdict(wanted)))
    if not done:
        if db.session.scalar(select(Facilitator.id).where(*there)) is None:
            raise NotFound(lazy("There is no such facilitator. Choose one from the list."))
        raise Conflict(lazy("Somebody else changed this meanwhile. Look at it again."), "fte")
    shown = {name: tuple(str(one) if isinstance(one, Decimal) else one for one in pair)
             for name, pair in changed.items()}  # fmt: skip
    record(by, "update", Facilitator.__tablename__, facilitator_id, **shown)  # type: ignore[arg-type]
    return True
