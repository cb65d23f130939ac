"""The blueprint of webhooks, and what its views share."""

from flask import Blueprint, current_app

from portal.config.present import present_settings
from portal.errors import NotFound, lazy
from portal.webhooks.addresses import Reach
from portal.webhooks.queries.endpoints import EndpointRow, find_endpoint
from portal.webhooks.sealing import SecretBox, box_of

bp = Blueprint("webhooks", __name__, url_prefix="/admin/webhooks")
ONE = "/<id:endpoint_id>"


def present_box() -> SecretBox:
    """The box of this portal's secrets."""
    return box_of(current_app.config["SECRET_KEY"])


def present_reach() -> Reach:
    """Where messages of this portal may go."""
    return Reach.of(present_settings())


def endpoint_of(endpoint_id: int) -> EndpointRow:
    """An endpoint. Raises NotFound."""
    found = find_endpoint(endpoint_id)
    if found is None:
        raise NotFound(lazy("There is no such endpoint."))
    return found
