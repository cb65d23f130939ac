"""Changing many courses at once: looked at first, done in one transaction, and only as it was looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering
from portal.allocations.queries.listing import RUNNING
from portal.allocations.queries.selections import (
    Selection,
    courses_by_id,
    ids_selected,
    loads_by_term,
    lock_courses,
    twins_in_mode,
)
from portal.allocations.services.assignment import MAX_REASON, OverLimit
from portal.allocations.services.bulk_rules import (
    LONGEST_SHIFT,
    MOST_PLACES,
    BulkChange,
    Deed,
    Facts,
    Outcome,
    judge_all,
)
from portal.allocations.services.signals import offerings_changed, places_changed, standings_changed
from portal.allocations.services.telling import Before, Handover, tell_allocated, tell_changed
from portal.audit.services import Actor, Change, open_batch, record_many
from portal.bulk import in_chunks, update_rows
from portal.catalogue.models import Mode
from portal.catalogue.services.holding import hold_entries
from portal.errors import Conflict, DomainError, lazy
from portal.extensions import db
from portal.roles import Role


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bulk change would do, course by course. `seen` names exactly this, for `change_courses`.

    `over` are the terms in which the facilitator would have more courses than their limit: term, load, limit.
    """

    outcomes: Sequence[Outcome]
    seen: str
    over: Sequence[tuple[tuple[int, int], int, int]] = ()

    @property
    def changing(self) -> list[Outcome]:
        """Those that will change."""
        return [one for one in self.outcomes if one.changes]

    @property
    def refused(self) -> list[Outcome]:
        """Those that stay as they are for a reason."""
        return [one for one in self.outcomes if one.refusal]

    @property
    def unchanged(self) -> int:
        """How many stand so already."""
        return len(self.outcomes) - len(self.changing) - len(self.refused)


def preview_change(selection: Selection, change: BulkChange, today: date) -> Preview:
    """What would happen; writes nothing. Raises DomainError on the field of the change that will not do."""
    check_change(change)
    limit = _limit_of(change.facilitator_id) if change.facilitator_id is not None else None
    return _look(ids_selected(selection), change, today, limit)


def change_courses(selection: Selection, change: BulkChange, seen: str, by: Actor, today: date) -> int:
    """Do what a preview showed, all of it or nothing; gives the id of the batch that undoing asks for.

    Raises Conflict when what would happen is no longer what was `seen`, OverLimit on "reason" when the facilitator
    would have too many courses and no reason is given, DomainError as `preview_change` does.
    """
    check_change(change)
    limit = _limit_of(change.facilitator_id, lock=True) if change.facilitator_id is not None else None
    ids = ids_selected(selection)
    if change.mode_id is not None and not hold_entries(Mode, [change.mode_id]).get(change.mode_id):
        raise Conflict(_CHANGED)
    lock_courses(ids)
    preview = _look(ids, change, today, limit)
    if preview.seen != seen:
        raise Conflict(_CHANGED)
    if preview.over and not change.reason.strip():
        term, load, most = preview.over[0]
        facts = {"load": load, "limit": most, "term": term}
        raise OverLimit(lazy("They would be over the limit. Say why this is right."), "reason", facts)
    return _write(preview.changing, change, by)


def check_change(change: BulkChange) -> None:
    """Raise DomainError on the field of a change that will do for no course."""
    if change.deed is Deed.ALLOCATE and change.facilitator_id is None:
        raise DomainError(lazy("Type a name or an employee ID."), "facilitator")
    if change.deed is Deed.SHIFT and not 0 < abs(change.days) <= LONGEST_SHIFT:
        message = lazy("Move by 1 to %(most)s days, forwards or back.", most=LONGEST_SHIFT)
        raise DomainError(message, "days")
    if change.deed is Deed.MODE and change.mode_id is None:
        raise DomainError(lazy("Choose a mode."), "mode")
    if change.deed is Deed.STATUS and change.status is None:
        raise DomainError(lazy("Choose a status."), "status")
    if change.deed is Deed.PLACES and not 1 <= change.places <= MOST_PLACES:
        raise DomainError(lazy("Places must be between 1 and %(most)s.", most=MOST_PLACES), "places")


def _limit_of(facilitator_id: int, *, lock: bool = False) -> int:
    """How many courses someone may have who can teach now; locked, so that two allocations are counted one by one."""
    wanted = (
        select(Facilitator.max_course_load, Facilitator.is_available, User.first_name, User.last_name)
        .join(User, User.id == Facilitator.user_id)
        .where(Facilitator.id == facilitator_id, User.is_active, User.role != Role.STUDENT)
    )
    if lock:
        wanted = wanted.with_for_update(of=(Facilitator, User), key_share=True)
    person = db.session.execute(wanted).one_or_none()
    if person is None:
        raise DomainError(lazy("There is no such facilitator. Choose one from the list."), "facilitator")
    if not person.is_available:
        name = full_name(person.first_name, person.last_name)
        raise DomainError(lazy("%(name)s is not available at present.", name=name), "facilitator")
    return int(person.max_course_load)


def _look(ids: Sequence[int], change: BulkChange, today: date, limit: int | None) -> Preview:
    twins = twins_in_mode(ids, change.mode_id) if change.mode_id is not None else {}
    outcomes = judge_all(courses_by_id(ids), change, Facts(today, twins))
    over = _terms_over(outcomes, change.facilitator_id, limit) if change.facilitator_id and limit is not None else ()
    return Preview(outcomes, _digest(outcomes, change), over)


def _terms_over(outcomes: Sequence[Outcome], facilitator_id: int, limit: int) -> list[tuple[tuple[int, int], int, int]]:
    """The terms in which someone gets more courses than the limit; one that was over before counts when it grows."""
    loads = loads_by_term(facilitator_id)
    added: dict[tuple[int, int], int] = {}
    for outcome in outcomes:
        if outcome.changes and outcome.course.status in RUNNING:
            added[outcome.course.term] = added.get(outcome.course.term, 0) + 1
    after = {term: loads.get(term, 0) + count for term, count in sorted(added.items())}
    return [(term, load, limit) for term, load in after.items() if load > limit]


def _digest(outcomes: Sequence[Outcome], change: BulkChange) -> str:
    """The same whenever the same would happen to the same versions of the same courses."""
    lines = sorted(
        f"{one.course.id}:{one.course.version}:{sorted(one.changes)}:{bool(one.refusal)}" for one in outcomes
    )
    deed = f"{change.deed}:{change.facilitator_id}:{change.days}:{change.mode_id}:{change.status}:{change.places}"
    return sha256("\n".join([deed, *lines]).encode()).hexdigest()


def _write(outcomes: Sequence[Outcome], change: BulkChange, by: Actor) -> int:
    batch = open_batch(by, change.deed.value, len(outcomes), **_params(change))
    _update(outcomes)
    reason = {"reason": (None, change.reason.strip()[:MAX_REASON])} if change.reason.strip() else {}
    changes = [
        Change(change.action, CourseOffering.__tablename__, one.course.id, {**one.changes, **reason})
        for one in outcomes
    ]
    for part in in_chunks(changes):
        record_many(by, part, batch)
    if outcomes:
        announced = places_changed if change.deed is Deed.PLACES else offerings_changed
        announced.send(None, offering_ids=[one.course.id for one in outcomes])
    _tell(outcomes, change, by)
    return batch


def _tell(outcomes: Sequence[Outcome], change: BulkChange, by: Actor) -> None:
    reason = change.reason.strip()[:MAX_REASON]
    if change.deed is Deed.STATUS and outcomes:
        versions = {one.course.id: one.course.version + 1 for one in outcomes}
        statuses = {one.course.id: one.changes["status"] for one in outcomes}
        standings_changed.send(None, statuses=statuses, versions=versions, by=by, reason=reason)
    tell_allocated([_handover(one) for one in outcomes if "facilitator_id" in one.changes], by)
    if change.deed in (Deed.STATUS, Deed.SHIFT):
        tell_changed([_before(one) for one in outcomes], by, reason)


def _before(outcome: Outcome) -> Before:
    course = outcome.course
    return Before(course.id, course.version + 1, course.start_date, course.end_date, course.status)


def _handover(outcome: Outcome) -> Handover:
    before, after = outcome.changes["facilitator_id"]
    return Handover(outcome.course.id, outcome.course.version + 1, before, after)


def _params(change: BulkChange) -> dict[str, Any]:
    given = {"facilitator_id": change.facilitator_id, "days": change.days, "mode_id": change.mode_id,
             "status": change.status, "places": change.places}  # fmt: skip
    return {name: value for name, value in given.items() if value}


def _update(outcomes: Sequence[Outcome]) -> None:
    """Write the changes: a statement for each set of fields, executed for each course."""
    by_fields: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for one in outcomes:
        row = {"id": one.course.id, "version": one.course.version + 1}
        row |= {name: after for name, (_before, after) in one.changes.items()}
        by_fields.setdefault(tuple(sorted(one.changes)), []).append(row)
    try:
        for rows in by_fields.values():
            update_rows(CourseOffering, rows)
    except IntegrityError as error:  # somebody made such a course since the twins were looked for
        raise Conflict(_CHANGED) from error


_CHANGED = lazy("Courses were changed since you looked. Nothing was changed yet; look at it again.")
