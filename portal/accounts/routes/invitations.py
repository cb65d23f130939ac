"""Accepting an invitation."""

from flask import Blueprint, flash, g
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.accounts import passwords, queries, services
from portal.accounts.entering import begin_sign_in
from portal.accounts.forms.doors import InvitationForm
from portal.accounts.queries import Invited
from portal.accounts.services import Purpose, hash_token
from portal.errors import DomainError
from portal.web.access import Actor, owned, public
from portal.web.locale import chosen_language
from portal.web.pages import door

bp = Blueprint("invitations", __name__)

Answer = Response | tuple[str, int]


@bp.get("/invitations/<token>")
@public
@owned("whoever was sent the link")
def invitation(token: str) -> Answer:
    """Where an invited person sets their first password."""
    invited = queries.find_open_token(hash_token(token), Purpose.INVITATION)
    return (_invitation_page(InvitationForm(formdata=None), invited), 200) if invited else _invitation_over()


@bp.post("/invitations/<token>")
@public
@owned("whoever was sent the link")
def accept_invitation(token: str) -> Answer:
    """Set the password, use the invitation up and sign in."""
    form = InvitationForm()
    invited = queries.find_open_token(hash_token(token), Purpose.INVITATION)
    if invited is None:
        return _invitation_over()
    if not form.validate_on_submit():
        return _invitation_page(form, invited), 422
    try:
        person = services.accept_invitation(
            token, form.password.data, chosen_language(), Actor(invited.user_id, g.request_id)
        )
    except DomainError as error:
        form.password.errors = [str(error)]
        return (_invitation_page(form, invited), 422) if error.field else _invitation_over()
    answer = begin_sign_in(person, "invitation")
    flash(_("Welcome, %(name)s. Your password is set.", name=person.first_name), "done")
    return answer


def _invitation_page(form: InvitationForm, invited: Invited) -> str:
    return door("accounts/invitation.html", form=form, invited=invited, fewest=passwords.MIN_LENGTH)


def _invitation_over() -> tuple[str, int]:
    return door("accounts/invitation_over.html"), 404
