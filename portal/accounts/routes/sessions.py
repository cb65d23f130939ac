"""Where a person is signed in, and signing out there from here."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts.devices import name_of_device
from portal.accounts.framing import profile_page
from portal.accounts.queries.sessions import SessionRow
from portal.accounts.services import sessions
from portal.config.present import present_settings
from portal.extensions import db
from portal.web.access import actor, everyone, owned

bp = Blueprint("sessions", __name__, url_prefix="/profile/sessions")


@dataclass(frozen=True, slots=True)
class Shown:
    """A session as the list shows it."""

    row: SessionRow
    device: str
    is_present: bool


@bp.get("")
@everyone
def index() -> str:
    """The person's live sessions, the present one first."""
    idle = present_settings().session_idle
    rows = sessions.list_sessions(current_user.id, idle)
    shown = [Shown(row, name_of_device(row.user_agent), row.id == current_user.session_id) for row in rows]
    ordered = sorted(shown, key=lambda one: not one.is_present)
    return profile_page("accounts/profile/sessions.html", "sessions.index", sessions=ordered)


@bp.post("/<id:session_id>/end")
@everyone
@owned("whoever is signed in there")
def end(session_id: int) -> Response:
    """Sign out in one place."""
    sessions.end_from_list(current_user.id, session_id, actor())
    db.session.commit()
    flash(_("You are signed out there."), "done")
    return redirect(url_for("sessions.index"), 303)


@bp.post("/end-others")
@everyone
def end_others() -> Response:
    """Sign out everywhere but here."""
    ended = sessions.end_others_from_list(current_user.id, current_user.session_id, actor())
    db.session.commit()
    if ended:
        flash(ngettext("You are signed out in %(num)s place.", "You are signed out in %(num)s places.", ended), "done")
    return redirect(url_for("sessions.index"), 303)
