"""Stopping mails by the link in one of them, without signing in."""

from flask import Response, current_app, g, request, session

from portal.accounts.linked import linked_page
from portal.accounts.queries import find_person
from portal.extensions import csrf, db
from portal.notifications.groups import group_named, optional_groups
from portal.notifications.routes.blueprint import bp
from portal.notifications.services.choosing import unsubscribe
from portal.notifications.unsubscribing import Wish, read_wish
from portal.web.access import Actor, owned, public
from portal.web.locale import speak

_ADDRESS = "/unsubscribe/<token>"


@bp.get(_ADDRESS)
@public
@owned("whoever was sent the mail")
def ask(token: str) -> Response:
    """Say which mails would stop, and ask. A GET changes nothing: programs that look at links follow them too."""
    wish = _wish(token)
    return _page("notifications/unsubscribe.html", wish, token) if wish else _over()


@bp.post(_ADDRESS)
@csrf.exempt  # type: ignore[untyped-decorator]
@public
@owned("whoever was sent the mail")
def stop(token: str) -> Response:
    """Stop them. Mail programs send this by themselves when somebody asks them to (RFC 8058 §3.2)."""
    wish = _wish(token)
    if wish is None or not unsubscribe(wish.user_id, wish.groups, Actor(wish.user_id, g.get("request_id"))):
        return _over()
    db.session.commit()
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response("", 200, mimetype="text/plain")
    return _page("notifications/unsubscribed.html", wish, token)


def _wish(token: str) -> Wish | None:
    wish = read_wish(current_app.config["SECRET_KEY"], token)
    return wish if wish and set(wish.groups) & optional_groups() else None


def _page(template: str, wish: Wish, token: str) -> Response:
    """In the language of whose mail it was, unless another one was picked."""
    person = find_person(wish.user_id)
    groups = [group_named(name) for name in wish.groups if name in optional_groups()]
    if person and "language" not in session:
        speak(person.locale)
    return linked_page(template, groups=groups, token=token)


def _over() -> Response:
    return linked_page("notifications/unsubscribe_over.html", 404)
