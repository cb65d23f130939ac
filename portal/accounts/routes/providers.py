"""Signing in with an account at another provider, and which of them open one's own account."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, abort, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts.entering import begin_sign_in
from portal.accounts.framing import profile_page
from portal.accounts.openid.flows import (
    Flow,
    begin_flow,
    connecting_token,
    end_flow,
    forget_waiting,
    is_connecting,
    wait_for_owner,
)
from portal.accounts.openid.providers import Button, Provider, find_provider, list_providers
from portal.accounts.openid.troubles import NotProved, ProviderAway, ProviderRefused
from portal.accounts.queries.identities import IdentityRow, has_password, list_identities
from portal.accounts.services import identities
from portal.accounts.services.identities import MustSignIn, ProviderAccount, Rules
from portal.config.present import present_settings
from portal.database import writing
from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.web.access import actor, everyone, owned, public
from portal.web.locale import chosen_language, safe_next
from portal.web.pages import door

bp = Blueprint("providers", __name__)

log = structlog.get_logger()

Answer = Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Connected:
    """An identity as its owner's page shows it."""

    row: IdentityRow
    provider: str
    is_of_use: bool


@bp.get("/sign-in/<any(google, oidc):name>")
@public
def start(name: str) -> Response:
    """On the way to a provider. With the token of a person's own page it comes back to connect the account there."""
    provider = _provider(name)
    is_for_me = is_connecting(name, request.args.get("connect", ""))
    if current_user.is_authenticated and not is_for_me:
        if "connect" not in request.args:
            return redirect(safe_next(request.args.get("next")))
        flash(_("This page was open for too long. Try again."), "problem")
        return redirect(url_for("providers.connections"))
    flow = begin_flow(name, request.args.get("next"), current_user.id if is_for_me else None)
    # The provider may take its time: nothing of the database is held meanwhile.
    db.session.rollback()
    from portal.accounts.openid import exchange  # takes half a second

    try:
        return redirect(exchange.authorization_address(provider, flow, chosen_language()))
    except ProviderAway as error:
        return _back(flow, error)


@bp.get("/sign-in/<any(google, oidc):name>/callback")
@public
def callback(name: str) -> Answer:
    """Back from a provider: let in whoever it says has come, or connect their account.

    This GET writes, as the protocol has it; the state that it brings can be neither forged nor used twice.
    """
    provider = _provider(name)
    # A transaction that is repeated finds what the first attempt was told.
    flow = g.get("flow") or end_flow(name, request.args.get("state", ""))
    if flow is None or not _is_at_its_end(flow):
        return _refuse(NotProved())
    g.flow = flow
    try:
        g.account = g.get("account") or _prove(provider, flow)
        with writing():
            return _connect(g.account) if flow.user_id is not None else _let_in(provider, flow, g.account)
    except (ProviderAway, ProviderRefused) as error:
        return _back(flow, error)
    except DomainError as error:
        db.session.rollback()
        return _refuse(error) if flow.user_id is None or isinstance(error, NotProved) else _back(flow, error)


@bp.post("/sign-in/forget")
@public
def forget() -> Response:
    """Do not connect the account that waits for its owner to sign in."""
    forget_waiting()
    flash(_("Nothing was connected."), "done")
    return redirect(url_for("accounts.sign_in"), 303)


@bp.get("/profile/connections")
@everyone
def connections() -> str:
    """The accounts at other providers that open this one."""
    return _connections_page()


@bp.post("/profile/connections/<id:identity_id>/disconnect")
@everyone
@owned("whoever connected it")
def disconnect(identity_id: int) -> Answer:
    """Let an account open this one no longer."""
    ways = {provider.issuer: provider.name for provider in list_providers()}
    try:
        identities.disconnect(current_user.id, identity_id, ways, actor(), current_user.session_id)
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        return _connections_page(str(error)), error.status
    db.session.commit()
    flash(_("It is disconnected."), "done")
    return redirect(url_for("providers.connections"), 303)


def _provider(name: str) -> Provider:
    return find_provider(name) or abort(404)


def _is_at_its_end(flow: Flow) -> bool:
    """Whether a flow to connect an account comes back to the person who began it; any other one may."""
    return flow.user_id is None or (current_user.is_authenticated and current_user.id == flow.user_id)


def _prove(provider: Provider, flow: Flow) -> ProviderAccount:
    # The provider may take its time: no transaction is open meanwhile.
    db.session.rollback()
    from portal.accounts.openid import exchange

    exchange.check_sender(provider, request.args.get("iss"))
    if "code" not in request.args:
        raise exchange.refused(provider, request.args.get("error", ""))
    return exchange.prove(provider, flow, request.args["code"])


def _let_in(provider: Provider, flow: Flow, account: ProviderAccount) -> Response:
    settings = present_settings()
    role = next(iter(settings.roles_to_register()), None)
    rules = Rules(settings.allowed_domains(), role, chosen_language())
    found = identities.recognise(account, rules, g.request_id)
    if isinstance(found, MustSignIn):
        db.session.rollback()
        wait_for_owner(found.user_id, account, is_invited=found.is_invited)
        return redirect(url_for("accounts.sign_in", next=flow.next or None), 303)
    answer = begin_sign_in(found.person, provider.name, next_address=flow.next)
    if found.lost_password:
        flash(
            _(
                "Your address is confirmed. The password from your registration no longer works; "
                "“Forgotten your password?” gives you a new one."
            ),
            "done",
        )
    return answer


def _connect(account: ProviderAccount) -> Response:
    is_new = identities.connect(current_user.id, account, actor())
    db.session.commit()
    facts = {"provider": account.provider, "email": account.email}
    said = _("%(provider)s, %(email)s, opens your account from now on.", **facts)
    flash(said if is_new else _("This account was connected already."), "done")
    return redirect(url_for("providers.connections"), 303)


def _back(flow: Flow, error: DomainError) -> Response:
    """To the page where somebody set out, with what went wrong."""
    flash(str(error), "problem")
    if flow.user_id is not None:
        return redirect(url_for("providers.connections"), 303)
    return redirect(url_for("accounts.sign_in", next=flow.next or None), 303)


def _refuse(error: DomainError) -> Answer:
    if isinstance(error, NotProved):
        log.warning("provider_answer_refused", reason=str(error.reason))
    return door("accounts/provider_refused.html", problem=str(error)), error.status


def _connections_page(problem: str | None = None) -> str:
    providers = list_providers()
    names = {provider.issuer: provider.heading for provider in providers}
    mine = [
        Connected(row, names.get(row.issuer) or urlsplit(row.issuer).netloc, row.issuer in names)
        for row in list_identities(current_user.id)
    ]
    more = [
        Button(
            _("Connect %(provider)s", provider=provider.title),
            url_for("providers.start", name=provider.name, connect=connecting_token(provider.name)),
        )
        for provider in providers
    ]
    context = {"connected": mine, "more": more, "problem": problem, "has_password": has_password(current_user.id)}
    return profile_page("accounts/profile/connections.html", "providers.connections", **context)
