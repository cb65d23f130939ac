"""Messages whose time is over."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal.database import IN_PLACE
from portal.extensions import db
from portal.webhooks.models import WebhookMessage

# Long enough to send anything again that an integration missed over a holiday.
KEPT = timedelta(days=30)
_AT_ONCE = 500


def delete_some_old(now: datetime) -> int:
    """Delete some messages that are older than that, with their deliveries; gives how many. Commit, and ask again."""
    old = select(WebhookMessage.id).where(WebhookMessage.created_at < now - KEPT)
    ids = db.session.scalars(old.order_by(WebhookMessage.created_at).limit(_AT_ONCE)).all()
    if ids:
        gone = delete(WebhookMessage).where(WebhookMessage.id.in_(ids))
        db.session.execute(gone, execution_options=IN_PLACE)
    return len(ids)
