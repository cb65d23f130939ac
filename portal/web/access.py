"""Deny by default: every view declares its audience, and one guard reads it before the view runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.extensions import login_manager
from portal.roles import Role
from portal.web.bare import bare
from portal.web.entrances import present_entrance
from portal.web.htmx import is_htmx, redirect_or_hx
from portal.web.requests import SAFE

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does a deed, for the audit: the user's id (None for the system) and the request's id."""

    user_id: int | None
    request_id: str | None


def audience(*roles: Role) -> Callable[[View], View]:
    """Let only these roles in; everyone else who is signed in gets 403, strangers the sign-in page."""

    def mark(view: View) -> View:
        view.__audience__ = frozenset(roles)  # type: ignore[attr-defined]
        return view

    return mark


everyone = audience(*Role)


def public(view: View) -> View:
    """Let anyone in, signed in or not."""
    view.__audience__ = PUBLIC  # type: ignore[attr-defined]
    return view


def owned(by: str) -> Callable[[View], View]:
    """Say of a view with ids in its address whose they must be; anybody else's are answered with 404.

    Every view with ids says so, or that they are `shared`: `docs/access.md` lists it, and a test tries it.
    """

    def mark(view: View) -> View:
        view.__owner__ = by  # type: ignore[attr-defined]
        return view

    return mark


# Whoever may open the view at all may open it for every id.
shared = owned("")


def declared_owner(view: Callable[..., Any]) -> str | None:
    """Whose ids a view takes, in words; empty for anybody's, None when it declared nothing."""
    return getattr(view, "__owner__", None)


def declared_audience(view: Callable[..., Any]) -> frozenset[Role] | None:
    """The roles a view declared; empty for public, None when it declared nothing."""
    return getattr(view, "__audience__", None)


def person_now() -> Any:
    """Whoever asks: what stands behind `current_user`, which Flask-Login looks for in sixteen calls each time."""
    found = bare(g).get("_login_user")
    return bare(current_user) if found is None else found


def actor() -> Actor:
    """The person behind the current request."""
    person = person_now()
    return Actor(person.id if person.is_authenticated else None, bare(g).get("request_id"))


def init_access(app: Flask) -> None:
    """Put the guard in front of every view; Flask's own file view is public."""
    public(app.view_functions["static"])
    app.before_request(_guard)


def _guard() -> BaseResponse | None:
    view = bare(current_app).view_functions.get(bare(request).endpoint or "")
    if view is None:
        return None
    wanted = declared_audience(view)
    if wanted is None:
        abort(403)
    entrance = present_entrance()
    if entrance:
        bare(g)._login_user = entrance.recognise() or login_manager.anonymous_user()
    if wanted == PUBLIC:
        return None
    person = person_now()
    if not person.is_authenticated:
        return entrance.turn_away() if entrance else _ask_to_sign_in()
    if not wanted & person.roles:
        abort(403)
    return None


def _ask_to_sign_in() -> BaseResponse:
    """Strangers go to the sign-in page and come back; a page at work asks for the password where it stands."""
    if is_htmx() and request.method not in SAFE:
        # The page's own script opens the password dialog and repeats the request, so nothing typed is lost.
        return Response("", 401, {"HX-Reauth": "1", "HX-Reswap": "none"})
    if request.method not in SAFE:
        # Only a GET can be repeated after signing in; after a POST the home page is the safe place.
        flash(_("Your session had ended, so what you just sent was not saved. Sign in and send it again."), "problem")
        return redirect(url_for("accounts.sign_in"), 303)
    # Whoever comes for the first time has not lost anything.
    if session.pop("_user_id", None) or is_htmx():
        flash(_("Your session has ended. Sign in to go on."), "problem")
    return redirect_or_hx(url_for("accounts.sign_in", next=_page_wanted()))


def _page_wanted() -> str:
    """The page that is asked for, or the one on which htmx asks for a part."""
    if not is_htmx():
        return request.full_path.rstrip("?")
    parts = request.headers.get("HX-Current-URL", "").removeprefix(request.host_url.rstrip("/"))
    return parts if parts.startswith("/") else "/"
