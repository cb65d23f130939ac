"""Signing in and out, and accepting an invitation."""

from flask import Blueprint, Response, current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts import queries, services
from portal.accounts.forms import InvitationForm, SignInForm
from portal.accounts.sessions import begin_session, end_session
from portal.errors import DomainError
from portal.extensions import db, limiter
from portal.web.access import Actor, everyone, public
from portal.web.locale import safe_next

bp = Blueprint("accounts", __name__)


def _auth_limit() -> str:
    return str(current_app.config["PORTAL"].ratelimit_auth)


def _was_refused(response: Response) -> bool:
    """Only failed attempts count against the limit."""
    return response.status_code in {401, 422}


def _typed_address() -> str:
    return f"address:{request.form.get('email', '').strip().lower()[:255]}"


@bp.get("/login")
@public
def sign_in() -> str | BaseResponse:
    """The sign-in page; who is signed in already goes on."""
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")))
    form = SignInForm(formdata=None, next=request.args.get("next", ""))
    return render_template("accounts/sign_in.html", form=form)


@bp.post("/login")
@public
@limiter.limit(_auth_limit, deduct_when=_was_refused)
@limiter.limit(_auth_limit, key_func=_typed_address, deduct_when=_was_refused)
def sign_in_post() -> BaseResponse | tuple[str, int] | tuple[Response, int]:
    """Check address and password, then go where the person was going."""
    form = SignInForm()
    try:
        if not form.validate_on_submit():
            return _refused(form)
        person = services.authenticate(form.email.data, form.password.data)
    except DomainError as error:
        form.password.errors = [str(error)]
        return _refused(form)
    services.note_sign_in(person, Actor(person.id, g.request_id))
    db.session.commit()
    begin_session(person)
    if _is_reauth():
        return jsonify(csrf=_fresh_token()), 200
    return redirect(safe_next(form.next.data), 303)


def _is_reauth() -> bool:
    """A page at work whose session has ended asks for the password in a dialog and goes on."""
    return request.headers.get("X-Reauth") == "1"


def _fresh_token() -> str:
    g.pop("csrf_token", None)
    return generate_csrf()


def _refused(form: SignInForm) -> tuple[str, int] | tuple[Response, int]:
    if _is_reauth():
        first = next(iter(form.errors.values()), [""])[0]
        return jsonify(error=str(first)), 422
    return render_template("accounts/sign_in.html", form=form), 422


@bp.get("/login/token")
@public
def fresh_token() -> Response:
    """A CSRF token of the present session, for the password dialog of a page whose session has ended."""
    answer = jsonify(csrf=generate_csrf())
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/logout")
@everyone
def sign_out() -> BaseResponse:
    """End the session."""
    end_session()
    flash(_("You are signed out."), "done")
    return redirect(url_for("accounts.sign_in"), 303)


@bp.get("/invitations/<token>")
@public
def invitation(token: str) -> tuple[str, int]:
    """Where an invited person sets their first password."""
    found = queries.find_open_token(services.hash_token(token), services.INVITATION)
    status = 200 if found else 404
    page = "accounts/invitation.html" if found else "accounts/invitation_over.html"
    return render_template(page, form=InvitationForm(formdata=None), user=found[1] if found else None), status


@bp.post("/invitations/<token>")
@public
@limiter.limit(_auth_limit, deduct_when=_was_refused)
def accept_invitation(token: str) -> BaseResponse | tuple[str, int]:
    """Set the password, use the invitation up and sign in."""
    form = InvitationForm()
    found = queries.find_open_token(services.hash_token(token), services.INVITATION)
    if found is None:
        return render_template("accounts/invitation_over.html"), 404
    try:
        if form.validate_on_submit():
            person = services.accept_invitation(token, form.password.data, Actor(found[1].id, g.request_id))
            db.session.commit()
            begin_session(person)
            flash(_("Welcome, %(name)s. Your password is set.", name=person.first_name), "done")
            return redirect(url_for("dashboards.home"), 303)
    except DomainError as error:
        db.session.rollback()
        form.password.errors = [str(error)]
    return render_template("accounts/invitation.html", form=form, user=found[1]), 422


