"""What was told to a person whose account is deleted."""

from sqlalchemy import delete, update

from portal.database import IN_PLACE
from portal.extensions import db
from portal.notifications.models import Choice, Delivery, DeliveryState, MailRefusal, Notification, QuietHours


def forget(user_id: int) -> None:
    """Delete what a person was told, and send nothing more of it.

    A message that a worker holds just now is not sent either: it asks whether its recipient is still there. How many
    messages there were stays; what servers answered may name the address, so it goes.
    """
    db.session.execute(delete(Notification).where(Notification.recipient_id == user_id), execution_options=IN_PLACE)
    for model in (Choice, QuietHours, MailRefusal):
        db.session.execute(delete(model).where(model.user_id == user_id), execution_options=IN_PLACE)
    theirs = update(Delivery).where(Delivery.recipient_id == user_id)
    db.session.execute(theirs.values(last_error=None), execution_options=IN_PLACE)
    waiting = theirs.where(Delivery.state == DeliveryState.PENDING)
    db.session.execute(waiting.values(state=DeliveryState.SUPPRESSED), execution_options=IN_PLACE)
