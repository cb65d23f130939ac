"""The link that proves a new address for notifications. Having it is enough: it went to that address alone."""

from flask import Blueprint, flash, g, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts.linked import linked_page
from portal.accounts.queries.profiles import find_address_link
from portal.accounts.services import Purpose, hash_token
from portal.accounts.services.notification_address import confirm
from portal.errors import NotFound
from portal.extensions import db
from portal.web.access import Actor, owned, public

bp = Blueprint("address_links", __name__, url_prefix="/profile/address")


@bp.get("/<token>")
@public
@owned("whoever was sent the link")
def show(token: str) -> Response:
    """Say for whose account the address shall be used, and ask."""
    link = find_address_link(hash_token(token), Purpose.NOTIFICATION_ADDRESS)
    return linked_page("accounts/address_link.html", link=link) if link else _over()


@bp.post("/<token>")
@public
@owned("whoever was sent the link")
def use(token: str) -> Response:
    """Use the address from now on."""
    link = find_address_link(hash_token(token), Purpose.NOTIFICATION_ADDRESS)
    if link is None:
        return _over()
    try:
        address = confirm(token, Actor(link.user_id, g.get("request_id")))
    except NotFound:
        db.session.rollback()
        return _over()
    db.session.commit()
    if current_user.is_authenticated and current_user.id == link.user_id:
        flash(_("Notifications go to %(address)s now.", address=address), "done")
        return redirect(url_for("profile.edit"), 303)
    return linked_page("accounts/address_confirmed.html", address=address)


def _over() -> Response:
    return linked_page("accounts/address_link_over.html", 404)
