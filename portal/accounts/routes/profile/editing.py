"""What people say of themselves, and how the portal speaks to them."""

from flask import abort, current_app, flash, redirect, session, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts.forms.profile import AddressForm, ProfileForm
from portal.accounts.framing import profile_page
from portal.accounts.queries.profiles import Profile, find_pending_address, find_profile
from portal.accounts.routes.profile.blueprint import bp
from portal.accounts.services import Purpose
from portal.accounts.services import notification_address as addresses
from portal.accounts.services.people import NAME_LIMIT
from portal.accounts.services.profile import BIO_LIMIT, TITLE_LIMIT, save_profile
from portal.errors import DomainError
from portal.extensions import db
from portal.web.access import actor, everyone

_LIMITS = {"name": NAME_LIMIT, "title": TITLE_LIMIT, "bio": BIO_LIMIT}
Answer = Response | str | tuple[str, int]


@bp.get("")
@everyone
def edit() -> str:
    """The person's own profile."""
    profile = _own()
    return _page(ProfileForm.of(profile), _address_form(profile), profile)


@bp.post("")
@everyone
def save() -> Answer:
    """Keep what the person changed."""
    form = ProfileForm()
    if not form.validate_on_submit():
        profile = _own()
        return _page(form, _address_form(profile), profile), 422
    language = save_profile(current_user.id, *form.drafts(), actor())
    db.session.commit()
    session["language"] = language
    with force_locale(language):
        flash(_("Your profile is saved."), "done")
    return redirect(url_for("profile.edit"), 303)


@bp.post("/notification-address")
@everyone
def choose_address() -> Answer:
    """Have a link sent to another address for notifications, or go back to the account's own."""
    form = AddressForm()
    if not form.validate_on_submit():
        return _refused(form)
    try:
        waiting = addresses.choose_address(current_user.id, form.address.data or "", _key(), actor())
    except DomainError as error:
        db.session.rollback()
        form.address.errors = [str(error)]
        return _refused(form)
    db.session.commit()
    flash(_sent(waiting) if waiting else _("Your address for notifications is saved."), "done")
    return redirect(url_for("profile.edit"), 303)


@bp.post("/notification-address/again")
@everyone
def send_again() -> Response:
    """Send the link to the address that waits for its confirmation once more."""
    try:
        flash(_sent(addresses.send_again(current_user.id, _key(), actor())), "done")
    except DomainError as error:
        db.session.rollback()
        flash(str(error), "problem")
    db.session.commit()
    return redirect(url_for("profile.edit"), 303)


@bp.post("/notification-address/withdraw")
@everyone
def withdraw_address() -> Response:
    """Forget the address that waits for its confirmation."""
    if addresses.withdraw(current_user.id, actor()):
        flash(_("The link that we sent no longer works."), "done")
    db.session.commit()
    return redirect(url_for("profile.edit"), 303)


def _own() -> Profile:
    return find_profile(current_user.id) or abort(404)


def _address_form(profile: Profile) -> AddressForm:
    return AddressForm(formdata=None, address=profile.notification_email)


def _refused(form: AddressForm) -> tuple[str, int]:
    profile = _own()
    return _page(ProfileForm.of(profile), form, profile), 422


def _page(form: ProfileForm, address_form: AddressForm, profile: Profile) -> str:
    pending = find_pending_address(current_user.id, Purpose.NOTIFICATION_ADDRESS)
    context = {"form": form, "address_form": address_form, "profile": profile, "pending": pending}
    return profile_page("accounts/profile/edit.html", "profile.edit", limits=_LIMITS, **context)


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])


def _sent(address: str) -> str:
    return str(_("We sent a link to %(address)s. Follow it, and the address is used.", address=address))
