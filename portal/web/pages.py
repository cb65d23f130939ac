"""What every page template is given: the places of the person's role, the unread count, the name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.config.present import present_settings
from portal.roles import Role


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the main navigation."""

    label: Any
    href: str
    icon: str
    current: bool


_MANAGES = frozenset({Role.MANAGER, Role.ADMIN})
# Blueprint, view, label, icon, roles that see it.
_PLACES = (
    ("tracker", "tracker.this_week", _l("This week"), "week", frozenset({Role.FACILITATOR})),
    ("compliance", "compliance.index", _l("Compliance"), "grid", _MANAGES),
    ("allocations", "allocations.index", _l("Allocations"), "people", _MANAGES),
    ("courses", "courses.home", _l("My courses"), "book", frozenset({Role.STUDENT, Role.FACILITATOR})),
    ("reflections", "reflections.index", _l("Reflections"), "talk", frozenset({Role.STUDENT})),
    ("catalogue", "catalogue.index", _l("Catalogue"), "library", _MANAGES),
    ("people", "people.index", _l("People"), "user", _MANAGES),
    ("audit_log", "audit_log.index", _l("Audit log"), "shield", frozenset({Role.ADMIN})),
    ("notifications", "notifications.index", _l("Notifications"), "bell", frozenset(Role)),
)
# Blueprints whose pages belong to the place of another.
_WITHIN = {"checklist": "catalogue", "stages": "catalogue", "deliveries": "notifications"}


def init_pages(app: Flask, count_unread: Callable[[int], int]) -> None:
    """Register the context of every page; `count_unread` gives a user's unread notifications."""
    app.extensions["portal_count_unread"] = count_unread
    app.extensions["portal_season"] = lambda: None  # a feature above that knows the courses puts its own here

    @app.context_processor
    def page_context() -> dict[str, Any]:
        signed_in = bool(current_user and current_user.is_authenticated)
        manages = signed_in and bool(_MANAGES & current_user.roles)
        return {
            "portal_name": present_settings().portal_name,
            "places": places() if signed_in else [],
            "search_action": url_for("allocations.index") if manages else None,
            "unread_count": 0,
        }


def page(template: str, **context: Any) -> str:
    """A whole page for someone signed in. The bell's count is read before rendering, in one statement."""
    unread = current_app.extensions["portal_count_unread"](current_user.id)
    return render_template(template, unread_count=unread, **context)


def anyones_page(template: str, **context: Any) -> str:
    """A whole page that strangers may see too."""
    return page(template, **context) if current_user.is_authenticated else render_template(template, **context)


def door(template: str, **context: Any) -> str:
    """A page for someone who is not signed in, with where the term stands beside it."""
    return render_template(template, season=current_app.extensions["portal_season"](), **context)


def places() -> list[Place]:
    """The places of the signed-in person, at most six, the present one marked."""
    return [
        Place(label, url_for(view), icon, _WITHIN.get(request.blueprint or "", request.blueprint) == blueprint)
        for blueprint, view, label, icon, roles in _PLACES
        if roles & current_user.roles
    ]
