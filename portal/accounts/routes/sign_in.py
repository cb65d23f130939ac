"""Signing in and out, and the language of an account."""

from flask import Blueprint, Response, flash, jsonify, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts import services
from portal.accounts.entering import begin_sign_in, in_a_dialog
from portal.accounts.forms.doors import SignInForm
from portal.accounts.limits import place_limit
from portal.accounts.openid.flows import present_waiting
from portal.accounts.openid.providers import buttons
from portal.accounts.proving import prove_by_password
from portal.accounts.services.attempts import TooManyAttempts
from portal.accounts.sessions import start_anew
from portal.config.present import present_settings
from portal.errors import DomainError
from portal.extensions import db, limiter
from portal.web.access import actor, everyone, public
from portal.web.errors import error_page, retry_after
from portal.web.locale import safe_next
from portal.web.pages import door

bp = Blueprint("accounts", __name__)

Answer = BaseResponse | tuple[str | Response, int] | tuple[str | Response, int, dict[str, str]]


def _was_refused(response: Response) -> bool:
    """Only failed attempts count against the limit."""
    return response.status_code in {401, 422}


@bp.get("/login")
@public
def sign_in() -> str | BaseResponse:
    """The sign-in page; who is signed in already goes on."""
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")))
    waiting = present_waiting()
    form = SignInForm(formdata=None, next=request.args.get("next", ""), email=waiting.email if waiting else "")
    return _page(form)


@bp.post("/login")
@public
@limiter.limit(place_limit, deduct_when=_was_refused)
def sign_in_post() -> Answer:
    """Check address and password, then go where the person was going."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _refused(form)
    try:
        proved = prove_by_password(form.email.data, form.password.data)
    except TooManyAttempts as error:
        return *_refused(form, str(error), error.status), {"Retry-After": str(error.seconds)}
    except DomainError as error:
        return _refused(form, str(error))
    return begin_sign_in(proved.person, "password", next_address=form.next.data, attempt_id=proved.attempt_id)


def _page(form: SignInForm, problem: str | None = None) -> str:
    may_register = bool(present_settings().roles_to_register())
    facts = {"form": form, "problem": problem, "may_register": may_register}
    return door("accounts/sign_in.html", buttons=buttons(form.next.data), waiting=present_waiting(), **facts)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _refused(form: SignInForm, problem: str | None = None, status: int = 422) -> tuple[str | Response, int]:
    if in_a_dialog():
        said = problem or next((str(message) for messages in form.errors.values() for message in messages), "")
        return jsonify(error=said), status
    return _page(form, problem), status


@bp.errorhandler(RateLimitExceeded)
def _too_often(error: RateLimitExceeded) -> Answer:
    if in_a_dialog():
        return jsonify(error=_("Too many attempts. Wait a few minutes, then try again.")), 429, retry_after()
    return error_page(429, None, retry_after())


@bp.errorhandler(CSRFError)
def _stale_form(error: CSRFError) -> Answer:
    """A sign-in page that stood open for long shows itself again, with what was typed but the password."""
    if request.endpoint == "accounts.sign_in_post":
        return _refused(SignInForm(), _("This page was open for too long. Type your password once more."), 400)
    return error_page(400, None, {"HX-Stale-Form": "1"})


@bp.get("/login/token")
@public
def fresh_token() -> Response:
    """The CSRF token of the present session and who is in it, for a page that outlived its own session."""
    return _private(jsonify(csrf=generate_csrf(), person=current_user.id if current_user.is_authenticated else None))


@bp.post("/logout")
@everyone
def sign_out() -> BaseResponse:
    """End the session, so that a copy of its cookie opens nothing either."""
    start_anew()
    db.session.commit()
    flash(_("You are signed out."), "done")
    response = redirect(url_for("accounts.sign_in"), 303)
    # The back button of a shared computer shows nothing any more. The theme is kept in the browser's storage and stays.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@bp.post("/lang/<any(en, fr):language>")
@everyone
def choose_language(language: str) -> BaseResponse:
    """Show everything in this language and send mails in it too, from now on."""
    session["language"] = language
    services.choose_language(current_user.id, language, actor())
    db.session.commit()
    return redirect(safe_next(request.form.get("next")), 303)
