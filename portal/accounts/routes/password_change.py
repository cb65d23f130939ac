"""One's own password, changed by who knows the present one."""

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts import passwords
from portal.accounts.forms.passwords import ChangePasswordForm
from portal.accounts.framing import profile_page
from portal.accounts.limits import place_limit
from portal.accounts.models import SignInOutcome
from portal.accounts.proving import prove_by_password
from portal.accounts.queries.passwords import has_password
from portal.accounts.services.attempts import TooManyAttempts, settle
from portal.accounts.services.passwords import change_password
from portal.config.present import present_settings
from portal.errors import DomainError
from portal.extensions import db, limiter
from portal.web.access import actor, everyone

bp = Blueprint("password_change", __name__, url_prefix="/profile/password")

Answer = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.get("")
@everyone
def change() -> str:
    """The form; who has no password yet is told how to get one."""
    return _page(ChangePasswordForm(formdata=None))


@bp.post("")
@everyone
@limiter.limit(place_limit, deduct_when=lambda answer: answer.status_code in {401, 422})
def save() -> Answer:
    """Set the new password and end all other sessions. Guesses at the present one count as at sign-in."""
    form = ChangePasswordForm()
    if not has_password(current_user.id) or not form.validate_on_submit():
        return _page(form), 422
    person, new = current_user._get_current_object(), form.password.data
    about = (present_settings().portal_name,)
    try:
        proved = prove_by_password(person.email, form.present.data)
    except TooManyAttempts as error:
        form.present.errors = [str(error)]
        return _page(form), error.status, {"Retry-After": str(error.seconds)}
    except DomainError:
        form.present.errors = [_("This is not your present password.")]
        return _page(form), 422
    settle(proved.attempt_id, SignInOutcome.SUCCEEDED)
    db.session.commit()
    try:
        change_password(person, form.present.data, new, actor(), about)
    except DomainError as error:
        if error.field != "password":
            raise
        db.session.rollback()
        form.password.errors = [str(error)]
        return _page(form), 422
    db.session.commit()
    flash(_("Your password is changed. You are signed out everywhere else."), "done")
    return redirect(url_for("password_change.change"), 303)


def _page(form: ChangePasswordForm) -> str:
    return profile_page(
        "accounts/profile/password.html",
        "password_change.change",
        form=form,
        has_password=has_password(current_user.id),
        fewest=passwords.MIN_LENGTH,
    )
