"""Single sign-on as an administrator sees it: what is set, what to register at the provider, and whether it works."""

from dataclasses import dataclass

from flask import Blueprint, abort

from portal.accounts.openid.providers import Provider, find_provider, list_providers, redirect_address
from portal.config.present import present_settings
from portal.extensions import db
from portal.roles import Role
from portal.web.access import audience
from portal.web.pages import page

bp = Blueprint("provider_state", __name__, url_prefix="/admin/sign-in")


@dataclass(frozen=True, slots=True)
class Shown:
    """A provider, and the address to register there."""

    provider: Provider
    redirect_address: str


@bp.get("")
@audience(Role.ADMIN)
def index() -> str:
    """Which providers people can sign in with."""
    return _page()


@bp.post("/<any(google, oidc):name>/check")
@audience(Role.ADMIN)
def check(name: str) -> str:
    """Ask a provider whether everything is in order, and show what it says; nothing is kept."""
    provider = find_provider(name) or abort(404)
    db.session.rollback()
    from portal.accounts.openid import checking

    return _page(name, checking.check(provider))


def _page(checked: str = "", findings: object = ()) -> str:
    settings = present_settings()
    roles = settings.roles_to_register()
    return page(
        "accounts/sign_in_state.html",
        shown=[Shown(provider, redirect_address(provider.name)) for provider in list_providers()],
        domains=sorted(settings.allowed_domains()),
        role=roles[0] if roles else None,
        checked=checked,
        findings=findings,
    )
