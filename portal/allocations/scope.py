"""Where managers answer for departments alone: each request and each job of theirs keeps to the courses of these.

Nothing else asks who is who for it: the session puts `courses_within` on whatever reads courses, see portal/scoping.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g, request
from flask_login import current_user

from portal import scoping
from portal.allocations.models import CourseOffering
from portal.allocations.queries.scopes import courses_within, find_scope
from portal.jobs import works
from portal.jobs.works import Owner
from portal.roles import Role
from portal.web.access import declared_audience
from portal.web.bare import bare


def init_scope(app: Flask) -> None:
    """Have the scope of whoever asks, or began a job, hold while it is answered or done."""
    scoping.init_scoping()
    scoping.ask_setting(_is_on)
    scoping.limit(CourseOffering, courses_within)
    app.before_request(_begin)
    app.teardown_request(_end)
    works.surround(_within_scope_of)
    app.jinja_env.globals["scope_names"] = scope_names


def scope_names() -> tuple[str, ...]:
    """The names of the departments whose courses alone the present page shows; none where it shows all."""
    scope = scoping.present_scope()
    return scope.names if scope else ()


def _begin() -> None:
    if not _is_on():
        return
    view = current_app.view_functions.get(request.endpoint or "")
    # Their own places as a facilitator show what they owe, wherever that is.
    is_for_managers = view is not None and Role.MANAGER in (declared_audience(view) or ())
    is_manager = is_for_managers and current_user.is_authenticated and current_user.role is Role.MANAGER
    g.scope = find_scope(current_user.id) if is_manager else None
    scoping.set_scope(g.scope)


def _is_on() -> bool:
    return bool(bare(current_app).config["PORTAL"].portal_manager_scope == "department")


def _end(_error: BaseException | None) -> None:
    """A thread serves many requests; none goes by the scope of the one before.

    Nor does the end of one take that of another away: an answer that is sent as it is read may end later.
    """
    if scoping.present_scope() is bare(g).pop("scope", None):
        scoping.set_scope(None)


@contextmanager
def _within_scope_of(owner: Owner) -> Iterator[None]:
    with scoping.within(find_scope(owner.user_id) if owner.user_id and _is_on() else None):
        yield
