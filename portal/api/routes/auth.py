"""Getting in and out: registering, signing in, new tokens, signing out."""

from typing import Any

from flask import Response, abort, current_app, g
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import queries
from portal.accounts.granting import grant_tokens
from portal.accounts.jwt import issue_access_token
from portal.accounts.limits import place_limit
from portal.accounts.services import UserDraft, refresh_tokens, registration
from portal.accounts.services.administration import NewPerson
from portal.accounts.services.opening import open_account, set_specialization
from portal.accounts.services.refresh_tokens import Grant
from portal.accounts.timing import answer_no_sooner_than
from portal.api.bearer import Standing, present_family, standing, turn_away
from portal.api.blueprint import bp
from portal.api.errors import refuse
from portal.api.operations import operation
from portal.api.proving import prove, renamed
from portal.api.schemas.auth import (
    Account,
    Credentials,
    Leaving,
    Refreshed,
    RefreshTokenTaken,
    Registered,
    Registration,
    SignedIn,
)
from portal.api.schemas.common import Message
from portal.config.present import present_settings
from portal.extensions import db, limiter
from portal.roles import Role
from portal.web.access import actor, public
from portal.web.locale import chosen_language


def _was_refused(response: Response) -> bool:
    return response.status_code == 401


@bp.post("/auth/register")
@public
@limiter.limit(place_limit, override_defaults=False)
@operation("Register", body=Registration, answer=Registered, status=201)
def register(body: Registration) -> Registered:
    """Make an account: for oneself with a role that is open to all, for others with the token of the office."""
    if current_user.is_authenticated and current_user.role in {Role.ADMIN, Role.MANAGER}:
        return _open_for_someone(body)
    # The office with a token that is too old would otherwise be taken for a stranger, and not hear of it.
    if standing() is Standing.INVALID:
        abort(turn_away())
    if body.role not in present_settings().roles_to_register():
        if standing() is Standing.UNCONFIRMED:
            abort(turn_away())
        refuse(403, _("Only the academic office makes accounts with this role."), field="role")
    return _register_oneself(body)


def _open_for_someone(body: Registration) -> Registered:
    draft = UserDraft(body.email, body.role, body.first_name, body.last_name, chosen_language())
    wanted = NewPerson(draft, body.employee_id or "")
    about = (present_settings().portal_name,)
    with renamed(number="employee_id"):
        user = open_account(
            wanted, body.password, current_user.role, actor(), specialization=body.specialization, about=about
        )
    grant = refresh_tokens.begin_family(user.id, user.session_epoch, actor())
    db.session.commit()
    return _registered(_("The account is made."), Account.model_validate(user), grant)


def _register_oneself(body: Registration) -> Registered:
    """An account that waits, or for an address that has one a word to its owner: the same answer after the same time.

    Nothing in it may differ, so it tells no id, and its tokens say "confirm your address first" whoever is behind them.
    """
    draft = UserDraft(body.email, body.role, body.first_name, body.last_name, chosen_language())
    about = (present_settings().portal_name,)
    user_id = registration.register(draft, body.password, current_app.config["SECRET_KEY"], actor(), about)
    if user_id is None:
        grant = refresh_tokens.make_decoy()
    else:
        set_specialization(user_id, body.specialization, actor())
        grant = refresh_tokens.begin_family(user_id, 0, actor())
    db.session.commit()
    answer_no_sooner_than(g.began)
    shown = body.model_dump(include={"first_name", "last_name", "role"}) | {"email": body.email.lower()}
    account = Account(id=None, is_active=True, **shown)
    return _registered(_("Almost done: follow the link in the mail that we sent to this address."), account, grant)


def _registered(message: str, account: Account, grant: Grant) -> Registered:
    return Registered(message=message, user=account, **_tokens(grant, account))


@bp.post("/auth/login")
@public
@limiter.limit(place_limit, deduct_when=_was_refused, override_defaults=False)
@operation("Sign in", body=Credentials, answer=SignedIn)
def login(body: Credentials) -> SignedIn:
    """Tokens for an address and its password."""
    proved = prove(body.email, body.password)
    grant = grant_tokens(proved)
    db.session.commit()
    account = Account.model_validate(proved.person)
    return SignedIn(message=_("You are signed in."), user=account, **_tokens(grant, account))


@bp.post("/auth/refresh")
@public
@limiter.limit(place_limit, deduct_when=_was_refused, override_defaults=False)
@operation("Get new tokens", body=RefreshTokenTaken, answer=Refreshed)
def refresh(body: RefreshTokenTaken) -> Refreshed:
    """New tokens for the newest refresh token; an old one ends its whole family."""
    grant = refresh_tokens.rotate(body.refresh_token, actor())
    db.session.commit()
    person = queries.find_person(grant.user_id) if grant and grant.user_id else None
    if grant is None or person is None:
        refuse(401, _("This refresh token is not valid. Sign in again."), field="refresh_token")
    account = Account.model_validate(person)
    return Refreshed(message=_("These tokens take the place of the old ones."), **_tokens(grant, account))


@bp.post("/auth/logout")
@public
@operation("Sign out", body=Leaving, answer=Message)
def logout(body: Leaving) -> Message:
    """End the family of the bearer token, and that of a refresh token; what has ended before is fine."""
    family = present_family()
    if family is None and body.refresh_token is None:
        abort(turn_away())
    if family is not None:
        refresh_tokens.revoke_family(family, current_user.id, actor())
    if body.refresh_token is not None:
        refresh_tokens.revoke(body.refresh_token, actor())
    db.session.commit()
    return Message(message=_("You are signed out."))


def _tokens(grant: Grant, account: Account) -> dict[str, Any]:
    access = issue_access_token(grant, account.id, account.email, account.role)
    return {"token": access.text, "refresh_token": grant.token, "expires_in": access.expires_in}
