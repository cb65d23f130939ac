"""A reminder by hand as it would be read, in both languages, before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from flask_babel import force_locale

from portal import clock
from portal.accounts.queries import find_person
from portal.notifications.kinds import topic_of
from portal.notifications.mail.writing import Section, write_text
from portal.tracker.queries.told import NUDGE
from portal.tracker.queries.watched import OwedLog
from portal.tracker.services.reminders import what_is_owed


@dataclass(frozen=True, slots=True)
class Read:
    """A mail in one language: its subject and its text."""

    locale: str
    subject: str
    text: str


def read_in_both(user_id: int, logs: Sequence[OwedLog], now: datetime) -> Sequence[Read]:
    """What somebody would read of these weeks, in English and in French; empty when they owe none any more."""
    topic, person, settings = topic_of(NUDGE), find_person(user_id), current_app.config["PORTAL"]
    told = [{"log_id": log.log_id, "due_at": log.due_at.isoformat()} for log in logs]
    content = what_is_owed(user_id, told, now)
    if topic is None or person is None or content is None:
        return []
    zone = clock.zone_named(person.time_zone) or settings.zone
    found = []
    for locale in ("en", "fr"):
        with force_locale(locale):
            section = Section(topic, content)
            found.append(Read(locale, topic.subject(content), write_text(section, person.full_name, locale, zone)))
    return found
