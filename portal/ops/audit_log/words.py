"""The audit in words: deeds, things and fields. What has no word yet is shown by its name."""

from typing import Any

from flask_babel import lazy_gettext as _l

ACTIONS: dict[str, Any] = {
    "accept_invitation": _l("accepted the invitation"),
    "add_profile": _l("added a profile"),
    "anonymise": _l("anonymised"),
    "ask_deletion": _l("asked for deletion"),
    "ask_notification_address": _l("asked for another notification address"),
    "assign": _l("allocated"),
    "change_password": _l("changed the password"),
    "change_role": _l("changed the role"),
    "choose_language": _l("chose the language"),
    "choose_notification_address": _l("confirmed the notification address"),
    "clear_demo": _l("cleared the demo"),
    "confirm_address": _l("confirmed the address"),
    "create": _l("added"),
    "deactivate": _l("deactivated"),
    "delete": _l("deleted"),
    "delete_unconfirmed": _l("deleted, never confirmed"),
    "end_other_sessions": _l("ended all other sessions"),
    "end_session": _l("ended a session"),
    "end_sessions": _l("ended all sessions"),
    "fill_in": _l("filled in"),
    "invite": _l("invited"),
    "link_identity": _l("connected an account"),
    "reactivate": _l("reactivated"),
    "register": _l("registered"),
    "reset_password": _l("set a new password"),
    "revoke": _l("revoked"),
    "send_confirmation_link": _l("was sent a link to confirm the address"),
    "send_reset_link": _l("was sent a link for a new password"),
    "set_password": _l("set the password"),
    "sign_in": _l("signed in"),
    "submit": _l("submitted"),
    "unlink_identity": _l("disconnected an account"),
    "update": _l("changed"),
    "upgrade_password_hash": _l("had the password kept more safely"),
    "withdraw_deletion": _l("withdrew the wish for deletion"),
    "withdraw_invitation": _l("withdrew the invitation"),
    "withdraw_notification_address": _l("withdrew the notification address"),
}

ENTITIES: dict[str, Any] = {
    "users": _l("Person"),
    "managers": _l("Manager"),
    "facilitators": _l("Facilitator"),
    "students": _l("Student"),
    "user_sessions": _l("Session"),
    "refresh_tokens": _l("Access of an integration"),
    "identities": _l("Connected account"),
    "departments": _l("Department"),
    "modules": _l("Module"),
    "classes": _l("Class"),
    "cohorts": _l("Cohort"),
    "calendar_breaks": _l("Break"),
    "course_offerings": _l("Course"),
    "enrolments": _l("Enrolment"),
    "activity_trackers": _l("Weekly log"),
}

FIELDS: dict[str, Any] = {
    "bio": _l("About"),
    "cohort_code": _l("Cohort"),
    "credits": _l("Credits"),
    "department": _l("Department"),
    "departments": _l("Departments"),
    "email": _l("Email"),
    "employee_id": _l("Employee id"),
    "end_date": _l("End"),
    "facilitator_id": _l("Facilitator"),
    "first_name": _l("First name"),
    "is_active": _l("Active"),
    "is_confirmed": _l("Address confirmed"),
    "is_head": _l("Head"),
    "last_name": _l("Last name"),
    "locale": _l("Language"),
    "max_course_load": _l("Course limit"),
    "max_students": _l("Places"),
    "name": _l("Name"),
    "notes": _l("Notes"),
    "notification_email": _l("Notification address"),
    "pending_address": _l("Address to be confirmed"),
    "reason": _l("Reason"),
    "role": _l("Role"),
    "start_date": _l("Start"),
    "status": _l("Status"),
    "student_number": _l("Student number"),
    "time_zone": _l("Time zone"),
    "title": _l("Title"),
}


def action_in_words(action: str) -> str:
    """What was done."""
    return str(ACTIONS.get(action) or action.replace("_", " "))


def entity_in_words(entity: str) -> str:
    """What kind of thing it was done to."""
    return str(ENTITIES.get(entity) or entity.replace("_", " "))


def field_in_words(field: str) -> str:
    """What a field is called on the page that sets it."""
    return str(FIELDS.get(field) or field.replace("_", " "))


def value_in_words(value: Any) -> str:
    """A value as it was or is; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_l("yes") if value else _l("no"))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
