"""Accepting an invitation."""

from flask import Blueprint, flash, g
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.accounts import passwords, queries, services
from portal.accounts.entering import begin_sign_in
from portal.accounts.forms.passwords import NewPasswordForm
from portal.accounts.linked import linked_page
from portal.accounts.queries import Invited
from portal.accounts.services import Purpose, hash_token
from portal.config.present import present_settings
from portal.errors import DomainError
from portal.web.access import Actor, owned, public
from portal.web.locale import chosen_language

bp = Blueprint("invitations", __name__)


@bp.get("/invitations/<token>")
@public
@owned("whoever was sent the link")
def invitation(token: str) -> Response:
    """Where an invited person sets their first password."""
    invited = queries.find_open_token(hash_token(token), Purpose.INVITATION)
    return _page(NewPasswordForm(formdata=None), invited) if invited else _over()


@bp.post("/invitations/<token>")
@public
@owned("whoever was sent the link")
def accept_invitation(token: str) -> Response:
    """Set the password, use the invitation up and sign in."""
    form = NewPasswordForm()
    invited = queries.find_open_token(hash_token(token), Purpose.INVITATION)
    if invited is None:
        return _over()
    if not form.validate_on_submit():
        return _page(form, invited, 422)
    about, by = (present_settings().portal_name,), Actor(invited.user_id, g.request_id)
    try:
        person = services.accept_invitation(token, form.password.data, chosen_language(), by, about)
    except DomainError as error:
        form.password.errors = [str(error)]
        return _page(form, invited, 422) if error.field else _over()
    answer = begin_sign_in(person, "invitation")
    flash(_("Welcome, %(name)s. Your password is set.", name=person.first_name), "done")
    return answer


def _page(form: NewPasswordForm, invited: Invited, status: int = 200) -> Response:
    return linked_page("accounts/invitation.html", status, form=form, invited=invited, fewest=passwords.MIN_LENGTH)


def _over() -> Response:
    return linked_page("accounts/invitation_over.html", 404)
