"""Courses that meet at the same time and cannot: the same person, class or room in two places."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from portal.allocations.models import CourseOffering, Meeting, OfferingStatus
from portal.allocations.queries.listing import RUNNING
from portal.allocations.queries.scopes import is_elsewhere
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db
from portal.scoping import EVERYWHERE

MOST = 20


@dataclass(frozen=True, slots=True)
class WeeklyMeeting:
    """When a course meets; `weekday` is 1 (Monday) to 7, times are local."""

    id: int
    weekday: int
    starts_at: time
    ends_at: time
    room: str


@dataclass(frozen=True, slots=True)
class MeetingClash:
    """Another course that meets when this one does, and what both need: "facilitator", "class" or "room".

    Of one that the present scope does not hold only that is said: it has neither an id nor a name.
    """

    offering_id: int
    name: str
    code: str
    weekday: int
    starts_at: time
    ends_at: time
    room: str
    shared: Sequence[str]


_mine = aliased(Meeting, name="mine")
_theirs = aliased(Meeting, name="theirs")
_own = aliased(CourseOffering, name="own")
_SHOWN = (
    CourseOffering.id, CourseOffering.title, Module.name, Module.code, ClassGroup.name, _theirs.weekday,
    _theirs.starts_at, _theirs.ends_at, _theirs.room,
)  # fmt: skip


def list_meetings(offering_id: int) -> Sequence[WeeklyMeeting]:
    """The weekly meetings of a course in the order of the week. One statement."""
    wanted = select(Meeting.id, Meeting.weekday, Meeting.starts_at, Meeting.ends_at, Meeting.room)
    rows = db.session.execute(
        wanted.where(Meeting.offering_id == offering_id).order_by(Meeting.weekday, Meeting.starts_at)
    )
    return [WeeklyMeeting(*row) for row in rows]


def list_clashes(offering_id: int) -> Sequence[MeetingClash]:
    """At most twenty meetings of other courses that this one cannot have beside it. One statement."""
    person = CourseOffering.facilitator_id == _own.facilitator_id
    group = CourseOffering.class_id == _own.class_id
    room = and_(_mine.room != "", func.lower(_mine.room) == func.lower(_theirs.room))
    wanted = (
        _together(select(*_SHOWN, is_elsewhere(), person, group, room))
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .where(_own.id == offering_id, or_(person, group, room))
        .order_by(_theirs.weekday, _theirs.starts_at, CourseOffering.id)
        .limit(MOST)
    )
    rows: Iterable[Any] = db.session.execute(wanted, execution_options=EVERYWHERE)
    return [_clash(row) for row in rows]


def clashing_facilitators(offering_id: int, facilitator_ids: Collection[int]) -> frozenset[int]:
    """Those of these facilitators who teach elsewhere when this course meets. One statement."""
    wanted = _together(select(CourseOffering.facilitator_id).distinct()).where(
        _own.id == offering_id, CourseOffering.facilitator_id.in_(facilitator_ids)
    )
    return frozenset(one for one in db.session.scalars(wanted, execution_options=EVERYWHERE) if one is not None)


def busy_facilitators(
    times: Sequence[tuple[int, time, time]], days: tuple[date, date], facilitator_ids: Collection[int]
) -> frozenset[int]:
    """Those of these facilitators who teach at one of these times (weekday, begin, end) between two days.

    For a course that is to come. One statement, or none.
    """
    if not times or not facilitator_ids:
        return frozenset()
    then = [
        and_(Meeting.weekday == weekday, Meeting.starts_at < ends, Meeting.ends_at > begins)
        for weekday, begins, ends in times
    ]
    wanted = (
        select(CourseOffering.facilitator_id)
        .join(Meeting, Meeting.offering_id == CourseOffering.id)
        .where(
            or_(*then),
            CourseOffering.facilitator_id.in_(facilitator_ids),
            CourseOffering.start_date <= days[1],
            CourseOffering.end_date >= days[0],
            CourseOffering.status.in_(RUNNING),
        )
        .distinct()
    )
    return frozenset(one for one in db.session.scalars(wanted, execution_options=EVERYWHERE) if one is not None)


def taught_before(offering_id: int, facilitator_ids: Collection[int]) -> Mapping[int, int]:
    """The latest academic year in which each of these taught a course's module before its term. One statement."""
    earlier = or_(
        CourseOffering.academic_year < _own.academic_year,
        and_(CourseOffering.academic_year == _own.academic_year, CourseOffering.trimester < _own.trimester),
    )
    wanted = (
        select(CourseOffering.facilitator_id, func.max(CourseOffering.academic_year))
        .join(_own, and_(_own.module_id == CourseOffering.module_id, earlier))
        .where(
            _own.id == offering_id,
            CourseOffering.facilitator_id.in_(facilitator_ids),
            CourseOffering.status != OfferingStatus.CANCELLED,
        )
        .group_by(CourseOffering.facilitator_id)
    )
    return {
        person: year for person, year in db.session.execute(wanted, execution_options=EVERYWHERE) if person is not None
    }


def _together(wanted: Any) -> Select[Any]:
    """Pairs of meetings at the same time, of a course `_own` and another running one whose dates meet."""
    together: Select[Any] = (
        wanted.select_from(_own)
        .join(_mine, _mine.offering_id == _own.id)
        .join(
            _theirs,
            and_(
                _theirs.weekday == _mine.weekday,
                _theirs.starts_at < _mine.ends_at,
                _theirs.ends_at > _mine.starts_at,
                _theirs.offering_id != _mine.offering_id,
            ),
        )
        .join(CourseOffering, CourseOffering.id == _theirs.offering_id)
        .where(
            CourseOffering.start_date <= _own.end_date,
            CourseOffering.end_date >= _own.start_date,
            CourseOffering.status.in_(RUNNING),
        )
    )
    return together


def _clash(row: Any) -> MeetingClash:
    offering_id, title, name, module, group, weekday, starts_at, ends_at, room, elsewhere, *needs = row
    shared = [word for word, is_shared in zip(("facilitator", "class", "room"), needs, strict=True) if is_shared]
    code = " · ".join(part for part in (module, group) if part)
    if elsewhere:
        return MeetingClash(0, "", "", weekday, starts_at, ends_at, room, shared)
    return MeetingClash(offering_id, title or name or "", code, weekday, starts_at, ends_at, room, shared)
