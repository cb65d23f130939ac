"""All that the portal keeps of one person, as a document that they may take with them.

Each package gives the sections of its own tables: it registers a reader in its `init_app`. A test walks all
foreign keys that lead to a person and fails when one is neither read here nor left out with a reason
(tests/accounts/test_personal_data.py).

The document is one JSON object. `format` names this description, `made_at` the moment. Every other member is a
section: an object, or a list of objects whose members are named as the columns are. Moments are ISO 8601 in UTC
("2026-10-14T12:00:00Z"), days are "2026-10-14", what is empty is null.

    account             the account: addresses, names, role, language, time zone, when it was made and last used
    student, facilitator, manager
                        the profile beside it, or null
    identities          accounts at other providers that open this one: issuer, subject, email
    sessions, devices, sign_ins
                        where and how the person signed in, and attempts to
    links, refresh_tokens, api_tokens
                        what opens the account besides: when it was made and ends, never the secret itself
    changes_of_account  what was changed about the person, with before and after, and whether they did it themselves
    deeds               what they changed elsewhere: when, what thing, and which of its fields
    notifications, deliveries
                        what they were told, and the messages that carried it
    notification_choices, quiet_hours, mail_refusals
                        of what they want to hear nothing, when they want no mail, and whether theirs is refused
    cohort, departments what a student belongs to, and what a manager answers for
    courses_taught      courses that are allocated to them now
    enrolments, attendance
                        courses that they study, and when they were there
    weekly_logs, weekly_logs_submitted, weekly_logs_excused, checklist_ticks
                        weekly logs that they owe or owed with their notes, handed in, excused, and ticked in
    lessons_done, quick_checks
                        lessons that they have done, and what they answered at the end of lessons
    lessons_written, lesson_versions, uploads
                        lessons that they changed, each text as they wrote it, and files that they uploaded
    leaves, leaves_stood_in_for, leaves_granted
                        when they were on leave and why, stood in for somebody, and entered leave
    reflections, reflection_answers, reflection_replies, reflection_drafts
                        in which reflections they took part and on which day; what they said where the form keeps who
                        did; what they answered to classes; what they are still writing
    imports, jobs       imports that they carried out, and long work that they began
    calendar_feed       since when their calendar has an address
    saved_views         views of the list of courses that they keep
    bulk_changes, workload_formulas, workloads_set
                        what they changed in many courses at once, formulas they put in force, courses they weighed
    webhook_endpoints   other systems that they had told of what happens here

Hashes, tokens and what they are derived from are never part of it.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from portal import clock
from portal.accounts.queries import personal_data as own

FORMAT = "teaching-portal-personal-data-1"

# Given a user's id, what a section says of them: plain values, dates and moments in dicts and lists.
Gather = Callable[[int], Any]

_sections: dict[str, Gather] = {}


def register(section: str, gather: Gather) -> None:
    """Add a section to the document; doing so again changes nothing."""
    _sections[section] = gather


def list_sections() -> list[str]:
    """The names of all sections, in the order in which they were registered."""
    return list(_sections)


def gather(user_id: int) -> dict[str, Any]:
    """All sections about a person, in the order in which they were registered. One statement for each."""
    return {name: read(user_id) for name, read in _sections.items()}


def write_document(user_id: int) -> str:
    """The document as JSON, one row a line, so that people can read it too."""
    document = {"format": FORMAT, "made_at": clock.now(), **gather(user_id)}
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {_written(value)}" for name, value in document.items()) + "\n}\n"


def _written(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ",".join(f"\n  {_written(one)}" for one in value) + "]"
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no place in the document")


for _name, _read in own.SECTIONS.items():
    register(_name, _read)
