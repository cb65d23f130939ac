"""Keeping what somebody is still writing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.reflections.models import ReflectionDraft
from portal.reflections.queries.own import Desk, find_desk
from portal.reflections.sealing import Answers, Sealer, Written

MOST_ANSWERS = 60
# All answers of a draft together, in characters.
LONGEST_DRAFT = 100_000
LONGEST_KEY = 40


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft as it is kept now."""

    version: int
    saved_at: datetime


class OtherDraft(Conflict):
    """Another tab or device saved something else since; `written` is what it says, at `version`."""

    def __init__(self, written: Written, version: int) -> None:
        message = lazy("You wrote something else in another tab or on another device. Both are here: choose or join.")
        super().__init__(message, facts={"version": version})
        self.written = written
        self.version = version


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes where, on what day: the user, the round, and the institution's present day."""

    user_id: int
    round_id: int
    today: date
    sealer: Sealer

    @property
    def owner_key(self) -> str:
        """What stands for the user in the table of drafts."""
        return self.sealer.owner_key(self.user_id)


def desk_of(writer: Writer) -> Desk:
    """What the writer has there. Raises NotFound, and Conflict when it is sent already or closed. One statement."""
    desk = find_desk(writer.user_id, writer.owner_key, writer.round_id)
    if desk is None:
        raise NotFound(lazy("There is no such reflection, or you are not on its course."))
    if desk.on_day is not None:
        raise Conflict(lazy("You have sent this reflection already. It cannot be changed any more."), facts={"sent": 1})
    if not desk.takes(writer.today):
        raise Conflict(lazy("This reflection is closed. What you wrote stays on this device."), facts={"closed": 1})
    return desk


def draft_of(desk: Desk, sealer: Sealer) -> Written:
    """What a desk's draft says; nothing where there is none, or none that can be read."""
    found = sealer.open(desk.body) if desk.body else None
    return found or Written({}, "")


def save_draft(writer: Writer, written: Written, seen: int) -> Saved:
    """Keep a draft over the one of version `seen`. Raises OtherDraft when another was kept since. Two statements."""
    check_size(written.answers)
    desk = desk_of(writer)
    was = draft_of(desk, writer.sealer)
    if same_answers(was.answers, written.answers) and desk.saved_at is not None and was.language == written.language:
        return Saved(desk.version, desk.saved_at)
    if desk.version != seen and not same_answers(was.answers, written.answers):
        raise OtherDraft(was, desk.version)
    return _write(writer, written, desk)


def _write(writer: Writer, written: Written, desk: Desk) -> Saved:
    now = clock.now()
    values: dict[str, Any] = {"body": writer.sealer.seal(written), "version": desk.version + 1, "saved_at": now}
    if desk.version:
        mine = (ReflectionDraft.owner_key == writer.owner_key, ReflectionDraft.round_id == writer.round_id)
        same = (*mine, ReflectionDraft.version == desk.version)
        done = db.write(update(ReflectionDraft).where(*same).values(**values), execution_options=IN_PLACE)
        if done:
            return Saved(desk.version + 1, now)
    else:
        try:
            with db.session.begin_nested():
                db.session.add(ReflectionDraft(owner_key=writer.owner_key, round_id=writer.round_id, **values))
            return Saved(1, now)
        except IntegrityError:
            pass
    # Another tab was a moment earlier.
    latest = desk_of(writer)
    raise OtherDraft(draft_of(latest, writer.sealer), latest.version)


def forget_draft(owner_key: str, round_id: int) -> None:
    """Delete a draft that has been sent, in the transaction that sends it."""
    mine = (ReflectionDraft.owner_key == owner_key, ReflectionDraft.round_id == round_id)
    db.session.execute(delete(ReflectionDraft).where(*mine), execution_options=IN_PLACE)


def same_answers(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two drafts say the same; an empty answer is none."""
    return {key: text for key, text in one.items() if text} == {key: text for key, text in other.items() if text}


def check_size(answers: Answers) -> None:
    """Raise DomainError for more than any form asks for."""
    too_many = len(answers) > MOST_ANSWERS or any(len(key) > LONGEST_KEY for key in answers)
    if too_many or sum(len(text) for text in answers.values()) > LONGEST_DRAFT:
        raise DomainError(lazy("This is more than a reflection can hold. Shorten it."))
