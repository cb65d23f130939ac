"""One's own tokens for integrations: made, shown once, revoked."""

from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts.forms.api_tokens import TokenForm
from portal.accounts.framing import profile_page
from portal.accounts.queries.bearers import list_tokens
from portal.accounts.scope_words import labels_of
from portal.accounts.services.api_tokens import make_token, revoke_token
from portal.errors import DomainError
from portal.extensions import db
from portal.web.access import actor, everyone, owned

bp = Blueprint("api_tokens", __name__, url_prefix="/profile/tokens")


@bp.get("")
@everyone
def index() -> str:
    """The person's tokens that hold, and a form for another one."""
    return _page(TokenForm.of(current_user.roles))


@bp.post("")
@everyone
def make() -> Response | tuple[str, int]:
    """Make a token and show it, this once; the page is kept nowhere."""
    form = TokenForm.of(current_user.roles, request.form)
    if not form.validate():
        return _page(form), 422
    try:
        made = make_token(current_user.id, form.name.data, form.scopes.data or [], form.lasts.data, actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return _page(form), error.status
    answer = make_response(_page(TokenForm.of(current_user.roles), made.text))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/<id:token_id>/revoke")
@everyone
@owned("whoever made the token")
def revoke(token_id: int) -> Response:
    """End a token at once."""
    revoke_token(current_user.id, token_id, actor())
    db.session.commit()
    flash(_("The token was revoked. Nothing opens with it any more."), "done")
    return redirect(url_for(".index"), 303)


def _page(form: TokenForm, made: str | None = None) -> str:
    rows = list_tokens(current_user.id)
    return profile_page(
        "accounts/profile/tokens.html", "api_tokens.index", form=form, tokens=rows, labels_of=labels_of, made=made
    )
