"""A reminder by hand as it would be read, in both languages, before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal import clock
from portal.accounts.queries import find_person
from portal.config.present import present_settings
from portal.notifications.kinds import topic_of
from portal.notifications.mail.writing import Reader, Section, write_parts
from portal.tracker.queries.told import NUDGE
from portal.tracker.queries.watched import OwedLog
from portal.tracker.services.reminders import what_is_owed
from portal.web.locale import LANGUAGES


@dataclass(frozen=True, slots=True)
class Read:
    """A mail in one language: its subject, its text, and its page."""

    locale: str
    subject: str
    text: str
    html: str


def read_in_both(user_id: int, logs: Sequence[OwedLog], now: datetime) -> Sequence[Read]:
    """What somebody would read of these weeks, in English and in French; empty when they owe none any more."""
    topic, person, settings = topic_of(NUDGE), find_person(user_id), present_settings()
    told = [{"log_id": log.log_id, "due_at": log.due_at.isoformat()} for log in logs]
    content = what_is_owed(user_id, told, now) if told else None
    if topic is None or person is None or content is None:
        return []
    reader = Reader(person.full_name, clock.zone_named(person.time_zone) or settings.zone)
    return [Read(locale, *write_parts(Section(topic, content), reader, locale)) for locale in LANGUAGES]
