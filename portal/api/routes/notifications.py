"""What one was told oneself."""

from flask import abort
from flask_login import current_user

from portal.api.blueprint import bp
from portal.api.operations import Reply, operation
from portal.api.paging import page_reply
from portal.api.queries.people import NotificationRow, find_notification, list_notifications
from portal.api.schemas.people import NotificationQuery, NotificationShown
from portal.extensions import db
from portal.notifications.kinds import kind_of
from portal.notifications.services.reading import mark_one_read
from portal.web.access import everyone, owned


@bp.get("/notifications")
@everyone
@operation("List one's own notifications", query=NotificationQuery, answer=list[NotificationShown])
def index_notifications(query: NotificationQuery) -> Reply:
    """What the asker was told, the newest first unless asked otherwise."""
    rows, total = list_notifications(
        current_user.id, query.is_read, descending=query.sort == "-id", offset=query.offset, limit=query.limit
    )
    return page_reply([_in_words(row) for row in rows], total, query)


@bp.put("/notifications/<id:notification_id>/read")
@everyone
@owned("whoever was told")
@operation("Mark a notification as read", answer=NotificationShown)
def read_notification(notification_id: int) -> NotificationShown:
    """Read is read: doing so again changes nothing."""
    mark_one_read(current_user.id, notification_id)
    db.session.commit()
    return _in_words(find_notification(current_user.id, notification_id) or abort(404))


def _in_words(row: NotificationRow) -> NotificationShown:
    kind = kind_of(row.kind)
    lines = kind.lines([row.params]) if kind else ()
    return NotificationShown(
        id=row.id,
        kind=row.kind,
        text=str(kind.title([row.params])) if kind else row.kind,
        details=[" · ".join(part for part in (line.code, line.text, line.detail) if part) for line in lines],
        path=kind.path if kind else None,
        created_at=row.created_at,
        read_at=row.read_at,
    )
