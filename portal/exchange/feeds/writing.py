"""A calendar as text (RFC 5545). An entry keeps its UID for ever; SEQUENCE grows with each change of what it tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from portal.allocations.models import OfferingStatus
from portal.catalogue.calendar import Break, Rules, due_at, monday_of, weeks_of
from portal.exchange.feeds.queries import CourseDates, Deadline, MeetingTime

if TYPE_CHECKING:
    from icalendar import Event

_DAY = timedelta(days=1)
# What a deadline takes in a calendar, before it.
_LENGTH = timedelta(minutes=30)
# SEQUENCE is a number of 32 bits: seconds since the beginning of 2024.
_BEGINNING = 1_704_067_200


@dataclass(frozen=True, slots=True)
class Contents:
    """All that stands in a calendar."""

    courses: Sequence[CourseDates]
    deadlines: Sequence[Deadline]
    meetings: Sequence[MeetingTime]
    breaks: Sequence[Break]
    since: date


@dataclass(frozen=True, slots=True)
class Frame:
    """What the calendar is called, the portal's own address, and the institution's rules."""

    name: str
    address: str
    rules: Rules

    @property
    def zone(self) -> ZoneInfo:
        """Where it is."""
        return self.rules.zone


def write_calendar(contents: Contents, frame: Frame) -> bytes:
    """The whole calendar; the same contents give the same bytes."""
    from icalendar import Calendar  # takes long to import, and few requests need it

    calendar = Calendar()
    calendar.add("prodid", "-//Teaching portal//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", frame.name)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    by_id = {course.id: course for course in contents.courses}
    for course in contents.courses:
        for event in _course(course, frame):
            calendar.add_component(event)
    for deadline in [*contents.deadlines, *_called_off(contents, frame)]:
        if deadline.offering_id in by_id:
            calendar.add_component(_deadline(deadline, by_id[deadline.offering_id], frame))
    for meeting in contents.meetings:
        weekly = _meeting(meeting, by_id[meeting.offering_id], contents.breaks, frame)
        if weekly is not None:
            calendar.add_component(weekly)
    if contents.meetings:
        calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(uid: str, summary: str, changed: datetime, frame: Frame, *, cancelled: bool) -> "Event":
    from icalendar import Event

    event = Event()
    host = frame.address.partition("://")[2].partition("/")[0].partition(":")[0]
    event.add("uid", f"{uid}@{host}")
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", max(int(changed.timestamp()) - _BEGINNING, 0))
    event.add("summary", summary)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return event


def _course(course: CourseDates, frame: Frame) -> "list[Event]":
    """Its first and its last day."""
    found = []
    cancelled = course.status is OfferingStatus.CANCELLED
    for which, day, text in (
        ("start", course.start, _("%(course)s begins", course=course.label)),
        ("end", course.end, _("%(course)s ends", course=course.label)),
    ):
        event = _event(f"course-{course.id}-{which}", text, course.changed_at, frame, cancelled=cancelled)
        event.add("dtstart", day)
        event.add("dtend", day + _DAY)
        event.add("transp", "TRANSPARENT")
        found.append(event)
    return found


def _called_off(contents: Contents, frame: Frame) -> list[Deadline]:
    """The weeks of cancelled courses whose logs went with them: whoever has them in a calendar is told so."""
    there = {(one.offering_id, one.week_start) for one in contents.deadlines}
    return [
        Deadline(
            None, course.id, week.number, week.start, due_at(week.start, frame.rules), None, None, course.changed_at
        )
        for course in contents.courses
        if course.owes and course.status is OfferingStatus.CANCELLED
        for week in weeks_of(course.start, course.end, contents.breaks)
        if week.start >= contents.since and (course.id, week.start) not in there
    ]


def _deadline(one: Deadline, course: CourseDates, frame: Frame) -> "Event":
    text = _("Log of week %(week)s due: %(course)s", week=one.week, course=course.label)
    if one.submitted_at:
        text = _("Log of week %(week)s submitted: %(course)s", week=one.week, course=course.label)
    over = course.status is OfferingStatus.CANCELLED or one.excused_at is not None
    # By the course and its week: a log that is planned anew is another one of the same week.
    event = _event(
        f"log-{one.offering_id}-{one.week_start}", text, max(one.changed_at, course.changed_at), frame, cancelled=over
    )
    event.add("dtstart", one.due_at - _LENGTH)
    event.add("dtend", one.due_at)
    event.add("transp", "TRANSPARENT")
    if one.id is not None:
        event.add("url", f"{frame.address}/tracker/logs/{one.id}")
    return event


def _meeting(one: MeetingTime, course: CourseDates, breaks: Sequence[Break], frame: Frame) -> "Event | None":
    """A weekly meeting, without the days of breaks; None when no such day lies in the course."""
    first = monday_of(course.start) + timedelta(days=one.weekday - 1)
    first += timedelta(days=7) if first < course.start else timedelta()
    if first > course.end:
        return None
    changed = max(one.changed_at, course.changed_at)
    event = _event(
        f"meeting-{one.id}", course.label, changed, frame, cancelled=course.status is OfferingStatus.CANCELLED
    )
    event.add("dtstart", _local(first, one.starts_at, frame.zone))
    event.add("dtend", _local(first, one.ends_at, frame.zone))
    last = _local(course.end, time(23, 59, 59), frame.zone).astimezone(ZoneInfo("UTC"))
    event.add("rrule", {"freq": "weekly", "until": last})
    days = (first + timedelta(days=7 * n) for n in range((course.end - first).days // 7 + 1))
    if free := [day for day in days if any(pause.start <= day <= pause.end for pause in breaks)]:
        event.add("exdate", [_local(day, one.starts_at, frame.zone) for day in free])
    if one.room:
        event.add("location", one.room)
    return event


def _local(day: date, hour: time, zone: ZoneInfo) -> Any:
    return datetime.combine(day, hour, zone)
