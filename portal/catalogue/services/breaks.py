"""Breaks of the teaching calendar. Whoever changes them has the logs planned anew afterwards."""

import unicodedata
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import delete, select

from portal.audit.services import Actor, record
from portal.bulk import Plan, Stored, insert_rows, record_plan, update_rows
from portal.catalogue.models import CalendarBreak
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db

LONGEST_NAME = 100
_UNFIT = {"Cc", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class BreakDraft:
    """Days without teaching, both ends included. Name and first day tell breaks apart."""

    name: str
    start_date: date
    end_date: date

    @property
    def key(self) -> tuple[str, date]:
        """What tells it from others."""
        return self.name, self.start_date


def stored_breaks() -> dict[tuple[str, date], Stored[BreakDraft]]:
    """All breaks by name and first day, oldest first."""
    columns = (CalendarBreak.id, CalendarBreak.name, CalendarBreak.start_date, CalendarBreak.end_date)
    rows = db.session.execute(select(*columns).order_by(CalendarBreak.start_date, CalendarBreak.id))
    drafts = (Stored(row_id, BreakDraft(name, start, end)) for row_id, name, start, end in rows)
    return {stored.draft.key: stored for stored in drafts}


def list_named_breaks() -> tuple[BreakDraft, ...]:
    """All breaks with their names, oldest first."""
    return tuple(stored.draft for stored in stored_breaks().values())


def save_breaks(plan: Plan[BreakDraft], by: Actor) -> None:
    """Write breaks in the caller's transaction."""
    insert_rows(CalendarBreak, [asdict(draft) for draft in plan.new])
    update_rows(CalendarBreak, [{**asdict(edit.after), "id": edit.id} for edit in plan.edits])
    known = stored_breaks()
    record_plan(by, "calendar_breaks", plan, [known[draft.key].id for draft in plan.new])


def add_break(draft: BreakDraft, by: Actor) -> None:
    """Add one break. Raises DomainError on bad dates or an empty name, Conflict when it is there already."""
    if not draft.name.strip():
        raise DomainError(lazy("Give the break a name."), "name")
    if any(unicodedata.category(sign) in _UNFIT for sign in draft.name):
        raise DomainError(lazy("A name cannot hold line breaks or control characters."), "name")
    if len(draft.name) > LONGEST_NAME:
        raise DomainError(lazy("A name of at most %(limit)s characters fits.", limit=LONGEST_NAME), "name")
    if draft.end_date < draft.start_date:
        raise DomainError(lazy("The last day of a break cannot be before its first."), "end_date")
    if draft.key in stored_breaks():
        raise Conflict(
            lazy("There is a break %(name)s from %(day)s already.", name=draft.name, day=draft.start_date), "name"
        )
    save_breaks(Plan(new=[draft]), by)


def find_break(name: str, start: date | None = None) -> Stored[BreakDraft]:
    """The break of this name, and of this first day if several have it. Raises NotFound or Conflict."""
    alike = [one for one in stored_breaks().values() if one.draft.name == name]
    found = [one for one in alike if start in (None, one.draft.start_date)]
    if not found:
        raise NotFound(lazy("There is no break %(name)s on these days.", name=name), "name")
    if len(found) > 1:
        days = ", ".join(one.draft.start_date.isoformat() for one in found)
        raise Conflict(
            lazy("Several breaks are called %(name)s; say which by its first day: %(days)s", name=name, days=days)
        )
    return found[0]


def remove_break(stored: Stored[BreakDraft], by: Actor) -> None:
    """Take one break out of the calendar."""
    db.session.execute(delete(CalendarBreak).where(CalendarBreak.id == stored.id))
    draft = stored.draft
    gone = {name: (value, None) for name, value in asdict(draft).items()}
    record(by, "delete", "calendar_breaks", stored.id, **gone)
