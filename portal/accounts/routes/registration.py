"""Registering by oneself, and confirming one's address."""

from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts import passwords, queries
from portal.accounts.entering import begin_sign_in
from portal.accounts.forms.passwords import ConfirmationForm, RegistrationForm
from portal.accounts.limits import place_limit
from portal.accounts.linked import linked_page
from portal.accounts.openid.providers import buttons
from portal.accounts.queries import Invited
from portal.accounts.services import Purpose, UserDraft, hash_token, registration
from portal.accounts.timing import answer_no_sooner_than
from portal.config.present import present_settings
from portal.errors import DomainError
from portal.extensions import db, limiter
from portal.roles import Role
from portal.web.access import Actor, actor, owned, public
from portal.web.locale import chosen_language
from portal.web.pages import door

bp = Blueprint("registration", __name__)

_ROLES = {Role.STUDENT: _l("Student"), Role.FACILITATOR: _l("Facilitator")}

Answer = Response | str | tuple[str, int]


@bp.get("/register")
@public
def register() -> Answer:
    """Where someone makes an account for themselves, if the institution lets them."""
    if current_user.is_authenticated:
        return redirect(url_for("dashboards.home"))
    roles = _roles()
    return _page(RegistrationForm(roles, formdata=None)) if roles else (door("accounts/register_closed.html"), 404)


@bp.post("/register")
@public
@limiter.limit(place_limit)
def register_post() -> Answer:
    """Make the account and send the link; answer the same, after the same time, when the address has an account."""
    roles = _roles()
    if not roles:
        return door("accounts/register_closed.html"), 404
    form = RegistrationForm(roles)
    if not form.validate_on_submit():
        return _page(form), 422
    draft = UserDraft(
        form.email.data, Role(form.role.data), form.first_name.data, form.last_name.data, chosen_language()
    )
    about = (present_settings().portal_name,)
    try:
        registration.register(draft, form.password.data, current_app.config["SECRET_KEY"], actor(), about)
    except DomainError as error:
        db.session.rollback()
        form[error.field or "email"].errors = [str(error)]
        return _page(form), 422
    db.session.commit()
    answer_no_sooner_than(g.began)
    return door("accounts/registered.html", email=draft.email)


@bp.get("/confirm/<token>")
@public
@owned("whoever was sent the link")
def confirmation(token: str) -> Response:
    """Whose account is to be confirmed. Looking confirms nothing: programs that check mails open links too."""
    found = queries.find_open_token(hash_token(token), Purpose.CONFIRMATION)
    return _confirm_page(ConfirmationForm(formdata=None), found) if found else _over()


@bp.post("/confirm/<token>")
@public
@owned("whoever was sent the link")
@limiter.limit(place_limit)
def confirm(token: str) -> Response:
    """Confirm the address and sign in."""
    form = ConfirmationForm()
    found = queries.find_open_token(hash_token(token), Purpose.CONFIRMATION)
    if found is None:
        return _over()
    if not form.validate_on_submit():
        return _confirm_page(form, found, 422)
    try:
        person = registration.confirm(token, form.password.data, Actor(found.user_id, g.request_id))
    except DomainError as error:
        db.session.rollback()
        form.password.errors = [str(error)]
        return _confirm_page(form, found, 422) if error.field else _over()
    answer = begin_sign_in(person, "registration")
    flash(_("Welcome, %(name)s. Your address is confirmed.", name=person.first_name), "done")
    return answer


def _roles() -> list[tuple[str, Any]]:
    return [(role.value, _ROLES[role]) for role in present_settings().roles_to_register()]


def _page(form: RegistrationForm) -> str:
    return door("accounts/register.html", form=form, fewest=passwords.MIN_LENGTH, buttons=buttons())


def _confirm_page(form: ConfirmationForm, found: Invited, status: int = 200) -> Response:
    return linked_page("accounts/confirm.html", status, form=form, found=found)


def _over() -> Response:
    return linked_page("accounts/confirm_over.html", 404)
