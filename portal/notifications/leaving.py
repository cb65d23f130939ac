"""What a person was told, for the document that they may take with them; and forgetting it when they leave."""

from portal.accounts import personal_data
from portal.accounts.signals import Former, person_left
from portal.notifications.queries import list_own_deliveries, list_own_notifications
from portal.notifications.queries.choices import list_own_choices, list_own_quiet_hours, list_own_refusals
from portal.notifications.services.forgetting import forget


def init_leaving() -> None:
    """Register both."""
    personal_data.register("notifications", list_own_notifications)
    personal_data.register("deliveries", list_own_deliveries)
    personal_data.register("notification_choices", list_own_choices)
    personal_data.register("quiet_hours", list_own_quiet_hours)
    personal_data.register("mail_refusals", list_own_refusals)
    person_left.connect(_forget)


def _forget(_sender: object, former: Former) -> None:
    forget(former.user_id)
