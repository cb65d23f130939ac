"""What the portal keeps of a person: taking it along, and having it deleted."""

from flask import Response, abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts.forms.profile import DeletionForm
from portal.accounts.framing import profile_page
from portal.accounts.limits import place_limit
from portal.accounts.models import SignInOutcome
from portal.accounts.personal_data import write_document
from portal.accounts.proving import prove_by_password
from portal.accounts.queries.profiles import Profile, find_profile
from portal.accounts.routes.profile.blueprint import bp
from portal.accounts.services import deletion
from portal.accounts.services.attempts import TooManyAttempts, settle
from portal.errors import Conflict, DomainError
from portal.extensions import db, limiter
from portal.web.access import actor, everyone
from portal.web.locale import present_day

Answer = BaseResponse | tuple[str, int] | tuple[str, int, dict[str, str]]


@bp.get("/data")
@everyone
def data() -> str:
    """What one can do with one's data."""
    return _page("data.html", DeletionForm(formdata=None))


@bp.get("/data.json")
@everyone
def download() -> Response:
    """All of it as one document; portal/accounts/personal_data.py says what is in it."""
    document = write_document(current_user.id)
    answer = Response(document, mimetype="application/json")
    day = present_day()
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{day}.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/data/deletion")
@everyone
def deletion_page() -> str:
    """The question of the dialog, as a page."""
    return _page("deletion.html", DeletionForm(formdata=None))


@bp.post("/data/deletion")
@everyone
@limiter.limit(place_limit, deduct_when=lambda answer: answer.status_code in {401, 422})
def ask_for_deletion() -> Answer:
    """Ask for the account to be deleted. Guesses at the password count as at sign-in."""
    form = DeletionForm()
    if _own().has_password:
        if not form.validate_on_submit():
            return _page("deletion.html", form), 422
        try:
            _prove(form.password.data)
        except TooManyAttempts as error:
            form.password.errors = [str(error)]
            return _page("deletion.html", form), error.status, {"Retry-After": str(error.seconds)}
        except DomainError:
            form.password.errors = [_("This is not your password.")]
            return _page("deletion.html", form), 422
    try:
        deletion.ask_for_deletion(current_user.id, actor())
    except Conflict as error:
        db.session.rollback()
        flash(str(error), "problem")
    else:
        db.session.commit()
        flash(_("You asked for your account to be deleted. The administrators are told."), "done")
    return redirect(url_for("profile.data"), 303)


@bp.post("/data/deletion/withdraw")
@everyone
def withdraw_deletion() -> BaseResponse:
    """Keep the account after all."""
    if deletion.withdraw_deletion(current_user.id, actor()):
        flash(_("Your account stays."), "done")
    db.session.commit()
    return redirect(url_for("profile.data"), 303)


def _prove(password: str) -> None:
    proved = prove_by_password(current_user.email, password)
    settle(proved.attempt_id, SignInOutcome.SUCCEEDED)
    db.session.commit()


def _own() -> Profile:
    return find_profile(current_user.id) or abort(404)


def _page(template: str, form: DeletionForm) -> str:
    return profile_page(f"accounts/profile/{template}", "profile.data", form=form, profile=_own())
