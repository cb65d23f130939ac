"""What a facilitator answers to the class."""

from sqlalchemy import update

from portal import clock
from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, lazy
from portal.extensions import db
from portal.reflections.models import ReflectionRound
from portal.reflections.queries.results import StaffRound
from portal.reflections.services.responding import plain

LONGEST_REPLY = 5000


def reply(found: StaffRound, said: str, version: int, by: Actor) -> bool:
    """Answer the class, or change or take back the answer; False when it stood so already.

    Raises DomainError when there is nothing to answer to yet, Conflict when somebody changed it since `version`.
    """
    text = plain(said) or None
    if not found.is_out:
        raise DomainError(lazy("There are no results to answer to yet."), "reply")
    if text and len(text) > LONGEST_REPLY:
        raise DomainError(lazy("At most %(most)s characters.", most=LONGEST_REPLY), "reply")
    if text == found.reply:
        return False
    values = {"reply": text, "reply_by": by.user_id, "replied_at": clock.now() if text else None}
    same = (ReflectionRound.id == found.id, ReflectionRound.version == version)
    done = db.write(
        update(ReflectionRound).where(*same).values(**values, version=ReflectionRound.version + 1),
        execution_options=IN_PLACE,
    )
    if not done:
        raise Conflict(lazy("Someone changed this answer meanwhile. Look at it as it is now."), "reply")
    record(by, "reply", ReflectionRound.__tablename__, found.id, reply=(found.reply, text))
    return True
