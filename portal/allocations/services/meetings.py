"""When a course meets each week."""

from dataclasses import dataclass
from datetime import time

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from portal.allocations.models import CourseOffering, Meeting
from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db

MAX_ROOM = 60
# More would be a slip: a course that meets so often is several courses.
MOST = 20


@dataclass(frozen=True, slots=True)
class MeetingDraft:
    """A weekly meeting as someone wants it; `weekday` is 1 (Monday) to 7, times are local."""

    weekday: int
    starts_at: time
    ends_at: time
    room: str = ""

    def __str__(self) -> str:
        """As the audit keeps it."""
        place = f" {self.room}" if self.room else ""
        return f"{self.weekday} {self.starts_at:%H:%M}-{self.ends_at:%H:%M}{place}"


def add_meeting(offering_id: int, draft: MeetingDraft, by: Actor) -> Meeting:
    """One more weekly meeting.

    Raises NotFound for no such course, DomainError on the field that breaks a rule, Conflict when the course meets
    at that time already.
    """
    if not 1 <= draft.weekday <= 7:
        raise DomainError(lazy("Choose a day of the week."), "weekday")
    if draft.ends_at <= draft.starts_at:
        raise DomainError(lazy("It must end after it begins."), "ends_at")
    if len(draft.room) > MAX_ROOM:
        raise DomainError(lazy("This takes at most %(most)s characters.", most=MAX_ROOM), "room")
    # Locked, so that two people who add meetings count one after the other.
    wanted = select(CourseOffering.id).where(CourseOffering.id == offering_id).with_for_update()
    if db.session.scalar(wanted) is None:
        raise NotFound(lazy("There is no such course."))
    if (db.session.scalar(select(func.count()).where(Meeting.offering_id == offering_id)) or 0) >= MOST:
        raise DomainError(lazy("A course meets at most %(most)s times a week.", most=MOST), "weekday")
    meeting = Meeting(offering_id=offering_id, weekday=draft.weekday, starts_at=draft.starts_at,
                      ends_at=draft.ends_at, room=draft.room)  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(meeting)
    except IntegrityError as error:
        raise Conflict(lazy("The course meets at this time already."), "starts_at") from error
    record(by, "meet", CourseOffering.__tablename__, offering_id, meeting=(None, str(draft)))
    return meeting


def remove_meeting(offering_id: int, meeting_id: int, by: Actor) -> bool:
    """Take a weekly meeting away; False when it is gone already."""
    there = (Meeting.id == meeting_id, Meeting.offering_id == offering_id)
    row = db.session.execute(
        select(Meeting.weekday, Meeting.starts_at, Meeting.ends_at, Meeting.room).where(*there)
    ).one_or_none()
    gone = db.write(delete(Meeting).where(*there))
    if row is None or not gone:
        return False
    record(by, "meet", CourseOffering.__tablename__, offering_id, meeting=(str(MeetingDraft(*row)), None))
    return True
