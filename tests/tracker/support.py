"""What tests of weekly logs share: what is stored, and what a browser sends."""

from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.tracker.models import ActivityLog, ActivityLogItem, ChecklistItem
from portal.tracker.services import fingerprint

HTMX = {"HX-Request": "true"}
# What weeks 1 to 7 expect.
FORMATIVE, SYNC, GRADES = "formative_one_grading", "intranet_sync", "grade_book_status"
NOT_STARTED, PENDING, DONE = "Not Started", "Pending", "Done"


def stored(app, log):
    """The log's row and its statuses by key."""
    with app.app_context():
        row = db.session.get(ActivityLog, log.id)
        wanted = (
            select(ChecklistItem.key, ActivityLogItem.status)
            .join(ActivityLogItem, ActivityLogItem.item_id == ChecklistItem.id)
            .where(ActivityLogItem.tracker_id == log.id)
        )
        return row, {key: status.value for key, status in db.session.execute(wanted)}


def audited(app, log):
    """The changes that the audit holds of a log, oldest first: (action, actor, fields)."""
    with app.app_context():
        wanted = select(AuditEvent).where(AuditEvent.entity == "activity_trackers", AuditEvent.entity_id == log.id)
        return [(event.action, event.actor_id, event.changes) for event in db.session.scalars(wanted.order_by("id"))]


def tick(client, log, key, status, was=NOT_STARTED, version=1, htmx=True):
    """A click on a switch."""
    form = {"status": status, "version": version, f"was-{key}": was}
    return client.post(f"/tracker/logs/{log.id}/items/{key}", data=form, headers=HTMX if htmx else {})


def send(client, log, act="save", *, seen=None, htmx=True, notes_seen="", version=1, **fields):
    """A button of the week's form, as the page was drawn with the statuses in `seen` (default: nothing started)."""
    drawn = dict.fromkeys([FORMATIVE, SYNC, GRADES], NOT_STARTED) | (seen or {})
    form = {f"was-{key}": status for key, status in drawn.items()}
    form |= {f"item-{key}": fields.pop(key, status) for key, status in drawn.items()}
    form |= {"act": act, "version": version, "notes_was": fingerprint(notes_seen), "notes": notes_seen} | fields
    return client.post(f"/tracker/logs/{log.id}", data=form, headers=HTMX if htmx else {})
