"""What a process keeps between requests, and how it knows that this is still true.

A pulse is a number in the database for each subject. Whatever transaction writes to one of the subject's tables raises
it as its last deed, so that nobody waits for the row longer than a commit takes. A request reads the pulses in its
first statement, before all that it may keep: what it keeps is never older than the pulse it is kept under.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from contextvars import ContextVar
from datetime import date
from functools import lru_cache
from time import monotonic
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import (
    Delete,
    Insert,
    String,
    Table,
    Update,
    bindparam,
    event,
    func,
    literal_column,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from portal.extensions import Model, db
from portal.pulses.stores import Store, forget_all
from portal.scoping import present_scope

log = structlog.get_logger()
COURSES, TERMS, WEEKS, PLANS, NOTICES = "courses", "terms", "weeks", "plans", "notices"
NAMES, PEOPLE, VIEWS = "names", "people", "views"
TABLES: Mapping[str, tuple[str, ...]] = {
    "course_offerings": (COURSES, TERMS),
    "modules": (COURSES, TERMS, NAMES),
    "modes": (COURSES, TERMS),
    "classes": (NAMES,),
    "cohorts": (COURSES, TERMS, NAMES),
    "departments": (COURSES, TERMS),
    "facilitators": (COURSES, PEOPLE),
    "users": (PEOPLE,),
    "activity_trackers": (WEEKS, PLANS),
    "notifications": (NOTICES,),
    "saved_views": (VIEWS,),
}
# An execution option of statements that change nothing that anybody keeps, such as a tick or the time of a sign-in.
QUIET = "portal_quiet"
# An execution option of statements that change logs of one week alone: its Monday. Without it plans have changed.
OF_WEEK = "portal_week"
# Weeks have a pulse each, in turn; more of them than a term has.
SLOTS = 32
# An execution option of statements that change these courses alone, or logs of theirs: their ids. Without it, terms or
# plans have changed.
OF_COURSES = "portal_courses"
# Courses have pulses too, by their ids in turn: enough that one of them is little to count, few enough to read.
PARTS = 16
_RAISED = "portal_pulses"
_MOST = 400
# For this many seconds nobody asks the database again whether anything has changed.
_FRESH = 1.0

Kept = TypeVar("Kept")


class Pulse(Model):
    """How often a subject has changed."""

    __tablename__ = "pulses"

    subject: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


_PULSES = cast(Table, Pulse.__table__)
# What is put together of parts and weeks also follows from these, and from their slots.
WHOLE = (TERMS, PLANS)
# These stand in the statement: as a parameter, the comma would make MariaDB's dialect write all of it anew each time.
_COMMA: Any = literal_column("','")
_SUM: Any = literal_column("';'")
_PAIR = _PULSES.c.subject.concat("=").concat(type_coerce(_PULSES.c.value, String))
# For the first statement of a request: all pulses as one word, which is read only by who keeps something. Their sum
# stands at its end, for MySQL cuts what it puts together at `group_concat_max_len` and says nothing.
PULSES_NOW = (
    select(func.aggregate_strings(_PAIR, _COMMA).concat(_SUM).concat(type_coerce(func.sum(_PULSES.c.value), String)))
    .select_from(_PULSES)
    .scalar_subquery()
)
_WRITTEN: Any = bindparam("subjects", expanding=True)
_RAISE = update(_PULSES).where(_PULSES.c.subject.in_(_WRITTEN)).values(value=_PULSES.c.value + 1)
# PostgreSQL would write them as they lie about, and whoever writes last lies last: there they are locked in their order
# first, or two that commit at one moment wait for each other. Elsewhere the key is the order.
_OURS = select(_PULSES.c.subject).where(_PULSES.c.subject.in_(_WRITTEN)).order_by(_PULSES.c.subject)
_LOCKED = _OURS.with_for_update(key_share=True).cte("ours")
_RAISE_IN_ORDER = update(_PULSES).where(_PULSES.c.subject == _LOCKED.c.subject).values(value=_PULSES.c.value + 1)
_present: ContextVar[str | None] = ContextVar("pulses", default=None)
_kept_anew: ContextVar[frozenset[str]] = ContextVar("kept_anew", default=frozenset())


_store = Store(_MOST)
_latest: dict[Hashable, tuple[float, Mapping[str, int]]] = {}


def forget() -> None:
    """Keep nothing. Where every transaction is rolled back, as in tests, a pulse would come again with other rows."""
    forget_all()
    _latest.clear()


def init_pulses() -> None:
    """Listen to what is written; doing so again changes nothing."""
    if not event.contains(db.session, "do_orm_execute", _note_statement):
        event.listen(db.session, "do_orm_execute", _note_statement)
        event.listen(db.session, "after_flush", _note_flush)
        event.listen(db.session, "before_commit", _raise_pulses)
        event.listen(db.session, "after_rollback", _forget_notes)


def take(word: str | None = None) -> None:
    """Note the pulses of this request, as PULSES_NOW gave them; without any, nothing is kept in it."""
    _present.set(word)
    _kept_anew.set(frozenset())


def present_word() -> str | None:
    """All pulses in this request as PULSES_NOW gave them; None where nothing is kept."""
    return _present.get()


@lru_cache(maxsize=8)
def read_word(word: str) -> Mapping[str, int]:
    """The pulses that a word says: the same for most requests, for nobody writes as often as others read.

    None at all when the word was cut: then nothing is kept.
    """
    pairs, _, whole = word.rpartition(";")
    said = [(subject, value) for subject, _, value in (pair.partition("=") for pair in pairs.split(","))]
    if any(not value for _subject, value in said) or sum(int(value) for _subject, value in said) != int(whole):
        log.error("pulses_cut", characters=len(pairs), look="group_concat_max_len of the database")
        return {}
    return {subject: int(value) for subject, value in said}


def present_pulses() -> Mapping[str, int]:
    """All pulses in this request; none where nothing is kept."""
    word = _present.get()
    return read_word(word) if word else {}


def latest() -> Mapping[str, int]:
    """All pulses as they were at most a second ago. One statement, or none."""
    read_at, found = _latest.get(db.engine.engine.url, (-_FRESH, {}))
    if monotonic() - read_at < _FRESH:
        return found
    moment = monotonic()
    found = {row.subject: row.value for row in db.session.execute(select(_PULSES.c.subject, _PULSES.c.value))}
    _latest[db.engine.engine.url] = (moment, found)
    return found


def pulse_of(*subjects: str) -> tuple[int, ...] | None:
    """The pulses of these subjects in this request; None outside of one, or once it has written itself."""
    present = present_pulses()
    if not present or any(subject not in present for subject in subjects):
        return None
    return tuple([present[subject] for subject in subjects])


def kept(name: str, key: Hashable, make: Callable[[], Kept], *subjects: str) -> Kept:
    """What `make` gave when it was last asked under this name, key and the same pulses, else what it gives now.

    It must follow from the key, the scope and the tables of the subjects alone, and nobody may change it.
    """
    found = recall(name, key, *subjects)
    if found is None:
        found = make()
        keep(name, key, found, *subjects)
    return cast(Kept, found)


def recall(name: str, key: Hashable, *subjects: str) -> Any | None:
    """What is kept under this name, key and the pulses of this request; None for nothing."""
    pulses = pulse_of(*subjects)
    return None if pulses is None else _store.get((_database(), name, key, present_scope(), pulses))


def parts_now() -> tuple[int, ...]:
    """The pulses of all parts of the courses in this request: for what follows from who owes which weeks."""
    now = present_pulses()
    return tuple(now.get(slot_of_part(part), 0) for part in range(PARTS))


def _database() -> Hashable:
    """What tells databases apart: the engine, and not its address, whose hash is that of its whole text."""
    return db.engine.engine


def keep(name: str, key: Hashable, thing: Any, *subjects: str) -> None:
    """Keep a thing; it must have been read in this request, whose pulses were read before it."""
    pulses = pulse_of(*subjects)
    if pulses is not None:
        _kept_anew.set(_kept_anew.get() | {name})
        _store.put((_database(), name, key, present_scope(), pulses), thing)


def has_kept_anew() -> bool:
    """Whether this request had to read something for keeping: what it can do without is left to the next one."""
    return bool(_kept_anew.get())


def kept_anew() -> frozenset[str]:
    """The names under which this request had to read something."""
    return _kept_anew.get()


def slot_of_week(week: date) -> str:
    """The pulse of a week."""
    return f"week {week.toordinal() // 7 % SLOTS}"


def slot_of_part(part: int) -> str:
    """The pulse of a part of the courses."""
    return f"part {part}"


def note_written(table: str, course_ids: Collection[int] | None = None) -> None:
    """Say that rows of a table are written past the session's own ways; of these courses alone, where that is known."""
    _note(db.session(), table, None, course_ids)


def _note_statement(state: ORMExecuteState) -> None:
    statement, options = state.statement, state.execution_options
    if isinstance(statement, Insert | Update | Delete) and not options.get(QUIET):
        _note(state.session, getattr(statement.table, "name", ""), options.get(OF_WEEK), options.get(OF_COURSES))


def _note_flush(session: Session, _context: Any) -> None:
    for thing in (*session.new, *session.dirty, *session.deleted):
        table = thing.__tablename__
        _note(session, table, None, [thing.id] if table == "course_offerings" else None)


def _note(session: Session, table: str, week: date | None, course_ids: Collection[int] | None) -> None:
    if table not in TABLES:
        return
    subjects = TABLES[table]
    if week is not None:
        subjects = (WEEKS, slot_of_week(week))
    elif course_ids is not None:
        parts = {slot_of_part(course_id % PARTS) for course_id in course_ids}
        subjects = (*(subject for subject in subjects if subject not in WHOLE), *parts)
    session.info.setdefault(_RAISED, set()).update(subjects)
    # From here on the request sees what nobody else does.
    _present.set(None)


def _raise_pulses(session: Session) -> None:
    if session.get_nested_transaction() is not None:
        return
    session.flush()
    if subjects := session.info.pop(_RAISED, None):
        connection = session.connection()
        raising = _RAISE_IN_ORDER if connection.dialect.name == "postgresql" else _RAISE
        connection.execute(raising, {"subjects": sorted(subjects)})


def _forget_notes(session: Session) -> None:
    session.info.pop(_RAISED, None)
