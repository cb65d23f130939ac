"""What is done to an endpoint: tried, switched, given another secret, deleted; its messages sent again."""

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import Conflict
from portal.extensions import db
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.webhooks.forms import Asked
from portal.webhooks.routes.blueprint import ONE, bp, endpoint_of, present_box
from portal.webhooks.routes.endpoints import once
from portal.webhooks.services import endpoints as services
from portal.webhooks.services import replaying


@bp.post(f"{ONE}/test")
@audience(Role.ADMIN)
@shared
def test(endpoint_id: int) -> BaseResponse:
    """Send a message that says nothing but that messages arrive."""
    try:
        replaying.try_endpoint(endpoint_id, actor())
        db.session.commit()
        flash(_("A test is on its way. What becomes of it stands first among the messages."), "done")
    except Conflict as error:
        _refused(error)
    return _back(endpoint_id)


@bp.post(f"{ONE}/rotate")
@audience(Role.ADMIN)
@shared
def rotate(endpoint_id: int) -> Response:
    """Give an endpoint another secret and show it, this once."""
    made = services.rotate_secret(endpoint_id, present_box(), actor())
    db.session.commit()
    return once(endpoint_id, made.secret)


@bp.post(f"{ONE}/enable")
@audience(Role.ADMIN)
@shared
def enable(endpoint_id: int) -> BaseResponse:
    """Send messages there again."""
    done = services.enable(endpoint_id, actor())
    db.session.commit()
    flash(_("Messages go there again.") if done else _("There was nothing to change."), "done")
    return _back(endpoint_id)


@bp.post(f"{ONE}/disable")
@audience(Role.ADMIN)
@shared
def disable(endpoint_id: int) -> BaseResponse:
    """Send nothing more there."""
    done = services.disable(endpoint_id, actor())
    db.session.commit()
    flash(_("Nothing more goes there.") if done else _("There was nothing to change."), "done")
    return _back(endpoint_id)


@bp.post(f"{ONE}/delete")
@audience(Role.ADMIN)
@shared
def delete(endpoint_id: int) -> BaseResponse:
    """Delete an endpoint with its messages."""
    name = endpoint_of(endpoint_id).name
    services.delete_endpoint(endpoint_id, actor())
    db.session.commit()
    flash(_("%(name)s was deleted.", name=name), "done")
    return redirect(url_for(".index"), 303)


@bp.post(f"{ONE}/replay")
@audience(Role.ADMIN)
@shared
def replay_failed(endpoint_id: int) -> BaseResponse:
    """Send everything again that was given up."""
    try:
        count = replaying.replay_failed(endpoint_id, actor())
        db.session.commit()
        said = ngettext("%(num)s message is sent again.", "%(num)s messages are sent again.", count)
        flash(said if count else _("There was nothing to send again."), "done" if count else "note")
    except Conflict as error:
        _refused(error)
    return _back(endpoint_id)


@bp.post(f"{ONE}/messages/<id:delivery_id>/replay")
@audience(Role.ADMIN)
@shared
def replay(endpoint_id: int, delivery_id: int) -> BaseResponse:
    """Send one message again."""
    try:
        replaying.replay(endpoint_id, delivery_id, actor())
        db.session.commit()
        flash(_("The message is sent again."), "done")
    except Conflict as error:
        _refused(error)
    return redirect(url_for(".show", endpoint_id=endpoint_id, **Asked.of(request.form).to_args()), 303)


def _refused(error: Conflict) -> None:
    db.session.rollback()
    flash(str(error), "problem")


def _back(endpoint_id: int) -> BaseResponse:
    return redirect(url_for(".show", endpoint_id=endpoint_id), 303)
