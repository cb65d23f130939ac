"""Forgotten passwords, and the live word on a new one."""

from flask import Blueprint, Response, current_app, flash, g, request
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts import passwords, queries
from portal.accounts.entering import begin_sign_in
from portal.accounts.forms.passwords import AddressForm, NewPasswordForm
from portal.accounts.limits import auth_limit, place_limit, typed_address_key
from portal.accounts.linked import linked_page
from portal.accounts.queries import Invited
from portal.accounts.services import Purpose, check_email, hash_token
from portal.accounts.services.passwords import ask_for_reset, reset_password
from portal.accounts.strength import judge
from portal.accounts.timing import answer_no_sooner_than
from portal.config.present import present_settings
from portal.errors import DomainError
from portal.extensions import db, limiter
from portal.web.access import Actor, actor, owned, public
from portal.web.errors import error_page, retry_after
from portal.web.htmx import fragment
from portal.web.pages import door

bp = Blueprint("passwords", __name__, url_prefix="/password")

_LONGEST = 300
# Someone types for some seconds and is told a few times; a room full of people does so from one network address.
_METER = "300 per minute"


@bp.get("/forgot")
@public
def forgot() -> str:
    """Where someone asks for a link to set a new password."""
    return door("accounts/password/forgot.html", form=AddressForm(formdata=None))


@bp.post("/forgot")
@public
@limiter.limit(place_limit)
@limiter.limit(auth_limit, key_func=typed_address_key)
def send_reset() -> str | tuple[str, int]:
    """Send the link if the address is somebody's, and answer the same, after the same time, if it is nobody's."""
    form = AddressForm()
    try:
        if not form.validate_on_submit():
            raise DomainError("", None)
        email = check_email(form.email.data)
    except DomainError as error:
        form.email.errors = [str(error)] if error.field else form.email.errors
        return door("accounts/password/forgot.html", form=form), 422
    ask_for_reset(email, current_app.config["SECRET_KEY"], actor())
    db.session.commit()
    answer_no_sooner_than(g.began)
    return door("accounts/password/asked.html", email=email)


@bp.get("/reset/<token>")
@public
@owned("whoever was sent the link")
def reset(token: str) -> BaseResponse:
    """Where the link leads."""
    found = queries.find_open_token(hash_token(token), Purpose.RESET)
    return _reset_page(NewPasswordForm(formdata=None), found) if found else _over()


@bp.post("/reset/<token>")
@public
@owned("whoever was sent the link")
@limiter.limit(place_limit)
def set_by_link(token: str) -> BaseResponse:
    """Set the password, use the link up, end whatever else opens the account, and sign in."""
    form = NewPasswordForm()
    found = queries.find_open_token(hash_token(token), Purpose.RESET)
    if found is None:
        return _over()
    if not form.validate_on_submit():
        return _reset_page(form, found, 422)
    about, by = (present_settings().portal_name,), Actor(found.user_id, g.request_id)
    try:
        person = reset_password(token, form.password.data, by, about)
    except DomainError as error:
        db.session.rollback()
        form.password.errors = [str(error)]
        return _reset_page(form, found, 422) if error.field else _over()
    answer = begin_sign_in(person, "reset")
    flash(_("Your new password is set. You are signed out everywhere else."), "done")
    return answer


@bp.post("/strength")
@public
@limiter.limit(_METER)
def strength() -> Response:
    """How hard what stands in a "new password" field is to guess. Nothing of it is kept or logged."""
    typed = request.form.get("password", "")
    about = [present_settings().portal_name]
    about += [request.form.get(name, "")[:_LONGEST] for name in ("first_name", "last_name", "email", "username")]
    if current_user.is_authenticated:
        about += [current_user.first_name, current_user.last_name, current_user.email]
    return fragment("accounts/_strength.html", strength=judge(typed, about) if typed else None)


@bp.errorhandler(RateLimitExceeded)
def _too_often(error: RateLimitExceeded) -> BaseResponse | tuple[str, int, dict[str, str]]:
    """The live word falls silent; whether a password will do is said when it is sent."""
    if request.endpoint == "passwords.strength":
        return Response("", 429, {"HX-Reswap": "none", **retry_after()})
    return error_page(429, None, retry_after())


def _reset_page(form: NewPasswordForm, found: Invited, status: int = 200) -> BaseResponse:
    return linked_page("accounts/password/reset.html", status, form=form, found=found, fewest=passwords.MIN_LENGTH)


def _over() -> BaseResponse:
    return linked_page("accounts/password/reset_over.html", 404)
