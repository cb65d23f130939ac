"""The audit in words: deeds, things, fields and values. What has no word yet is shown by its name."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import format_date
from flask_babel import lazy_gettext as _l

from portal.accounts.forms.people import ROLE_WORDS
from portal.web.locale import LANGUAGES, datetime_exact, worded

ACTIONS: dict[str, Any] = {
    "accept_invitation": _l("accepted the invitation"),
    "add_profile": _l("added a profile"),
    "anonymise": _l("anonymised"),
    "archive": _l("archived"),
    "ask_deletion": _l("asked for deletion"),
    "ask_notification_address": _l("asked for another notification address"),
    "ask_to_reopen": _l("asked to open again"),
    "assign": _l("allocated"),
    "begin": _l("begun"),
    "cancel": _l("cancelled"),
    "change_password": _l("changed the password"),
    "change_role": _l("changed the role"),
    "choose_language": _l("chose the language"),
    "choose_notification_address": _l("confirmed the notification address"),
    "clear": _l("emptied"),
    "clear_demo": _l("cleared the demo"),
    "complete": _l("completed"),
    "copy_lessons": _l("copied lessons"),
    "confirm_address": _l("confirmed the address"),
    "connect": _l("connected an account"),
    "create": _l("added"),
    "deactivate": _l("deactivated"),
    "delete": _l("deleted"),
    "disable": _l("switched off"),
    "delete_unconfirmed": _l("deleted, never confirmed"),
    "disconnect": _l("disconnected an account"),
    "enable": _l("switched on"),
    "end_other_sessions": _l("ended all other sessions"),
    "end_session": _l("ended a session"),
    "end_sessions": _l("ended all sessions"),
    "enrol": _l("enrolled"),
    "excuse": _l("excused"),
    "extend": _l("gave more time"),
    "fill_in": _l("filled in"),
    "invite": _l("invited"),
    "issue": _l("gave access"),
    "grant_leave": _l("entered leave"),
    "keep_closed": _l("kept closed"),
    "meet": _l("changed the weekly meetings"),
    "move_up": _l("gave the free place to whoever waited longest"),
    "nudge": _l("nudged"),
    "publish": _l("published"),
    "reactivate": _l("reactivated"),
    "renew": _l("renewed"),
    "replay": _l("sent again"),
    "reply": _l("answered the class"),
    "reopen": _l("opened again"),
    "reorder": _l("put lessons into another order"),
    "reset_password": _l("set a new password"),
    "reuse": _l("used a second time, and ended"),
    "revoke": _l("ended"),
    "rotate": _l("made a new secret"),
    "seed_down": _l("took out data of the start"),
    "seed_up": _l("brought in data of the start"),
    "send_confirmation_link": _l("was sent a link to confirm the address"),
    "send_reset_link": _l("was sent a link for a new password"),
    "shift": _l("moved"),
    "set_password": _l("set the password"),
    "submit": _l("submitted"),
    "unexcuse": _l("expected again"),
    "test": _l("sent a test"),
    "take_attendance": _l("took attendance"),
    "undo": _l("took back a change"),
    "update": _l("changed"),
    "upgrade_password_hash": _l("had the password kept more safely"),
    "weigh": _l("said what it is worth"),
    "withdraw_deletion": _l("withdrew the wish for deletion"),
    "withdraw_invitation": _l("withdrew the invitation"),
    "withdraw_leave": _l("took leave back"),
    "withdraw_notification_address": _l("withdrew the notification address"),
    "withdraw": _l("took off the course"),
}

ENTITIES: dict[str, Any] = {
    "lessons": _l("Lesson"),
    "leaves": _l("Leave"),
    "users": _l("Person"),
    "managers": _l("Manager"),
    "facilitators": _l("Facilitator"),
    "students": _l("Student"),
    "user_sessions": _l("Session"),
    "refresh_tokens": _l("Access of an integration"),
    "api_tokens": _l("Access token"),
    "identities": _l("Connected account"),
    "departments": _l("Department"),
    "modules": _l("Module"),
    "classes": _l("Class"),
    "cohorts": _l("Cohort"),
    "modes": _l("Mode"),
    "checklist_items": _l("Checklist item"),
    "reminder_stages": _l("Stage of the reminders"),
    "notification_choices": _l("What someone is told"),
    "quiet_hours": _l("Quiet hours"),
    "deliveries": _l("Mail"),
    "workload_formulas": _l("Workload formula"),
    "calendar_breaks": _l("Break"),
    "reflection_forms": _l("Form for reflections"),
    "reflection_rounds": _l("Reflection on a course"),
    "saved_views": _l("Saved view"),
    "course_offerings": _l("Course"),
    "enrolments": _l("Enrolment"),
    "activity_trackers": _l("Weekly log"),
    "seeds": _l("Data of the start"),
    "webhook_endpoints": _l("Webhook"),
    "webhook_deliveries": _l("Message to another system"),
}

FIELDS: dict[str, Any] = {
    "academic_year": _l("Academic year"),
    "allocated_on": _l("Allocated on"),
    "anonymised_at": _l("Anonymised"),
    "bio": _l("About"),
    "calendar_feed": _l("Calendar address"),
    "class_id": _l("Class"),
    "class_name": _l("Class"),
    "check_counts": _l("Quick check counts"),
    "code": _l("Code"),
    "cohort_code": _l("Cohort"),
    "cohort_id": _l("Cohort"),
    "copied_from": _l("Copied from"),
    "courses": _l("Courses"),
    "credits": _l("Credits"),
    "deletion_asked_at": _l("Asked for deletion"),
    "department": _l("Department"),
    "departments": _l("Departments"),
    "due_at": _l("Due"),
    "email": _l("Email"),
    "employee_id": _l("Employee id"),
    "end_date": _l("End"),
    "excused_at": _l("Excused"),
    "facilitator_employee_id": _l("Facilitator"),
    "facilitator_id": _l("Facilitator"),
    "family": _l("Access"),
    "first_name": _l("First name"),
    "from_week": _l("From week"),
    "intake_period": _l("Intake"),
    "is_active": _l("Active"),
    "is_confirmed": _l("Address confirmed"),
    "is_head": _l("Head"),
    "issuer": _l("Provider"),
    "kind": _l("Kind"),
    "label_en": _l("In English"),
    "label_fr": _l("In French"),
    "last_name": _l("Last name"),
    "level": _l("Level"),
    "locale": _l("Language"),
    "max_course_load": _l("Course limit"),
    "max_students": _l("Places"),
    "mode": _l("Mode"),
    "mode_id": _l("Mode"),
    "module_code": _l("Module"),
    "module_id": _l("Module"),
    "name": _l("Name"),
    "scopes": _l("What it may do"),
    "expires_at": _l("Good until"),
    "events": _l("Events"),
    "messages": _l("Messages"),
    "previous_until": _l("Former secret valid until"),
    "url": _l("Address"),
    "revoked_at": _l("Revoked"),
    "attendance": _l("Attendance"),
    "notes": _l("Notes"),
    "notification_email": _l("Notification address"),
    "nudged": _l("Nudged"),
    "offering": _l("Course"),
    "pending_address": _l("Address to be confirmed"),
    "people": _l("People"),
    "position": _l("Order"),
    "program": _l("Programme"),
    "reason": _l("Reason"),
    "refresh_tokens": _l("Access of integrations"),
    "role": _l("Role"),
    "section": _l("Section"),
    "start_date": _l("Start"),
    "status": _l("Status"),
    "student_number": _l("Student number"),
    "submitted_at": _l("Submitted"),
    "time_zone": _l("Time zone"),
    "to_week": _l("To week"),
    "title": _l("Title"),
    "trimester": _l("Trimester"),
    "user_id": _l("Person"),
    "year": _l("Year"),
}

_OPEN = {"open": _l("open"), "ended": _l("ended")}
# Values that are words of the code, by field; "item" stands for any item of a checklist.
VALUES: Mapping[str, Mapping[Any, Any]] = {
    "role": ROLE_WORDS,
    "locale": LANGUAGES,
    "status": {
        "planned": _l("planned"),
        "active": _l("active"),
        "completed": _l("completed"),
        "cancelled": _l("cancelled"),
        "waitlisted": _l("on the waiting list"),
        "withdrawn": _l("withdrawn"),
    },
    "kind": {"cohort": _l("for a class"), "open": _l("open to all")},
    "item": {"Done": _l("Done"), "Pending": _l("Pending"), "Not Started": _l("Not started")},
    "family": _OPEN,
    "refresh_tokens": _OPEN,
    "calendar_feed": _OPEN,
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", re.ASCII)


def action_in_words(action: str) -> str:
    """What was done."""
    return str(ACTIONS.get(action) or action.replace("_", " "))


def entity_in_words(entity: str) -> str:
    """What kind of thing it was done to."""
    return str(ENTITIES.get(entity) or entity.replace("_", " "))


def field_in_words(field: str) -> str:
    """What a field is called on the page that sets it."""
    return str(FIELDS.get(field) or field.replace("_", " ").capitalize())


def value_in_words(field: str, value: Any) -> str:
    """A value as it was or is: days and moments as the reader writes them; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_l("yes") if value else _l("no"))
    if isinstance(value, list):
        return ", ".join(value_in_words(field, one) for one in value)
    text = str(value)
    if field in VALUES:
        return str(VALUES[field].get(text, text))
    return _when(text) or text


def _when(text: str) -> str | None:
    """A day or a moment that the portal wrote; None for any other text."""
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return str(format_date(day, worded("d MMM y", day)))
        return datetime_exact(datetime.fromisoformat(text)) if _MOMENT.fullmatch(text) else None
    except ValueError:  # a text that looks like one
        return None
