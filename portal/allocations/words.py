"""Words of course offerings in the reader's language."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.allocations.models import OfferingStatus

_STATUSES: Mapping[OfferingStatus, Any] = {
    OfferingStatus.PLANNED: _l("Planned"),
    OfferingStatus.ACTIVE: _l("Active"),
    OfferingStatus.COMPLETED: _l("Completed"),
    OfferingStatus.CANCELLED: _l("Cancelled"),
}


def status_name(status: OfferingStatus) -> str:
    """The word for a status."""
    return str(_STATUSES[status])
