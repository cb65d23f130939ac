"""Changed and forgotten passwords."""

from flask import current_app, g
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from portal.accounts import queries
from portal.accounts.jwt import issue_access_token
from portal.accounts.limits import auth_limit, place_limit
from portal.accounts.models import SignInOutcome
from portal.accounts.services import Purpose, check_email, hash_token, refresh_tokens
from portal.accounts.services.attempts import address_key, settle
from portal.accounts.services.passwords import ask_for_reset, change_password, reset_password
from portal.accounts.timing import answer_no_sooner_than
from portal.api.blueprint import bp
from portal.api.errors import refuse
from portal.api.operations import operation
from portal.api.proving import prove_again, renamed
from portal.api.reading import read_body
from portal.api.schemas.auth import Forgotten, PasswordChange, PasswordReset, Refreshed
from portal.api.schemas.common import Message
from portal.config.present import present_settings
from portal.errors import NotFound
from portal.extensions import db, limiter
from portal.web.access import Actor, actor, everyone, public


def _sent_address_key() -> str:
    """The key of the address in the body, for counting."""
    try:
        sent = read_body(Forgotten)
    except HTTPException:  # the operation itself will say what is wrong with it
        return f"unreadable:{get_remote_address()}"
    return address_key(sent.email, current_app.config["SECRET_KEY"])


def _about() -> tuple[str]:
    return (present_settings().portal_name,)


@bp.post("/auth/change-password")
@everyone
@operation("Change one's own password", body=PasswordChange, answer=Refreshed)
def change_own_password(body: PasswordChange) -> Refreshed:
    """Set a new password. Every session and token ends; the answer has new ones."""
    person = current_user._get_current_object()
    proved = prove_again(person.email, body.current_password)
    settle(proved.attempt_id, SignInOutcome.SUCCEEDED)
    db.session.commit()
    with renamed(password="new_password"):  # noqa: S106 (the name of a field)
        change_password(person, body.current_password, body.new_password, actor(), _about())
    after = queries.find_person(person.id) or person
    grant = refresh_tokens.begin_family(after.id, after.session_epoch, actor())
    db.session.commit()
    access = issue_access_token(grant, after.id, after.email, after.role)
    said = _("Your password is changed. You are signed out everywhere else.")
    return Refreshed(message=said, token=access.text, refresh_token=grant.token, expires_in=access.expires_in)


@bp.post("/auth/forgot-password")
@public
@limiter.limit(place_limit, override_defaults=False)
@limiter.limit(auth_limit, key_func=_sent_address_key, override_defaults=False)
@operation("Ask for a link to set a new password", body=Forgotten, answer=Message)
def forgot_password(body: Forgotten) -> Message:
    """Send the link if the address is somebody's, and answer the same, after the same time, if it is nobody's."""
    ask_for_reset(check_email(body.email), current_app.config["SECRET_KEY"], actor())
    db.session.commit()
    answer_no_sooner_than(g.began)
    return Message(message=_("If this address has an account, a mail with a link is on its way."))


@bp.post("/auth/reset-password")
@public
@limiter.limit(place_limit, override_defaults=False)
@operation("Set a new password by the token of a link", body=PasswordReset, answer=Message)
def reset_forgotten_password(body: PasswordReset) -> Message:
    """Set the password and use the link up; every session and token of the account ends."""
    found = queries.find_open_token(hash_token(body.token), Purpose.RESET)
    by = Actor(found.user_id if found else None, g.request_id)
    try:
        reset_password(body.token, body.password, by, _about())
    except NotFound as error:
        db.session.rollback()
        refuse(400, str(error), field="token")
    db.session.commit()
    return Message(message=_("Your new password is set. Sign in with it."))
