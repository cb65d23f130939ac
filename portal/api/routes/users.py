"""Accounts, for administrators; managers read."""

from typing import Any

from flask import abort, current_app, url_for
from flask_login import current_user

from portal.accounts.queries.account import mark_of
from portal.accounts.queries.users import UserRow, count_matching, find_user, list_users
from portal.accounts.services import UserDraft, administration, invitations
from portal.accounts.services.administration import Identification, NewPerson
from portal.accounts.services.opening import open_account, set_specialization
from portal.api.blueprint import bp
from portal.api.conditional import tag_seen
from portal.api.operations import TAGGED, Reply, operation
from portal.api.paging import page_reply
from portal.api.proving import renamed
from portal.api.schemas.users import UserChange, UserNew, UserQuery, UserShown
from portal.config.present import present_settings
from portal.extensions import db
from portal.roles import Role
from portal.web.access import actor, audience, shared

_ONE = "/users/<id:user_id>"


@bp.get("/users")
@audience(Role.ADMIN, Role.MANAGER)
@operation("List accounts", query=UserQuery, answer=list[UserShown])
def index_users(query: UserQuery) -> Reply:
    """The accounts that a filter lets through."""
    wanted = query.wanted()
    rows = list_users(wanted, query.sort, query.offset, query.limit)
    return page_reply([UserShown.model_validate(row) for row in rows], count_matching(wanted), query)


@bp.post("/users")
@audience(Role.ADMIN)
@operation("Make an account", body=UserNew, answer=UserShown, status=201)
def add_user(body: UserNew) -> Reply:
    """An account with a password, or with an invitation that is sent to its address."""
    draft = UserDraft(body.email, body.role, body.first_name, body.last_name, body.locale)
    wanted = NewPerson(draft, body.employee_id or "")
    acting, by = current_user.role, actor()
    with renamed(number="employee_id"):
        if body.password is None:
            user_id = administration.add_person(wanted, acting, by).id
            set_specialization(user_id, body.specialization, by)
            invitations.invite_people([user_id], acting, current_app.config["SECRET_KEY"], by, renew=False)
        else:
            about = (present_settings().portal_name,)
            more: dict[str, Any] = {"specialization": body.specialization, "about": about}
            user_id = open_account(wanted, body.password, acting, by, **more).id
    db.session.commit()
    return Reply(_shown(user_id), TAGGED | {"Location": url_for("api.show_user", user_id=user_id)})


@bp.get(_ONE)
@audience(Role.ADMIN, Role.MANAGER)
@shared
@operation("Read an account", answer=UserShown)
def show_user(user_id: int) -> UserShown:
    """One account."""
    return _shown(user_id)


@bp.patch(_ONE)
@audience(Role.ADMIN)
@shared
@operation("Change an account", body=UserChange, answer=UserShown)
def change_user(user_id: int, body: UserChange) -> Reply:
    """Another name, address or role; in or out. All of it or nothing."""
    found, by = _find(user_id), actor()
    tag_seen(UserShown.model_validate(found))
    sent = body.model_dump(exclude_unset=True)
    if named := {name: sent[name] for name in ("email", "first_name", "last_name") if name in sent}:
        present = {"email": found.email, "first_name": found.first_name, "last_name": found.last_name}
        seen = mark_of(found.email, found.first_name, found.last_name)
        administration.identify(user_id, Identification(**(present | named), seen=seen), current_user.role, by)
    if body.role is not None:
        administration.change_role(user_id, body.role, found.role, by)
    if body.is_active is not None:
        (administration.reactivate if body.is_active else administration.deactivate)(user_id, by)
    db.session.commit()
    return Reply(_shown(user_id), TAGGED)


@bp.delete(_ONE)
@audience(Role.ADMIN)
@shared
@operation("Deactivate an account", status=204)
def deactivate_user(user_id: int) -> None:
    """Shut someone out; what they did stays."""
    tag_seen(_shown(user_id))
    administration.deactivate(user_id, actor())
    db.session.commit()


def _find(user_id: int) -> UserRow:
    return find_user(user_id) or abort(404)


def _shown(user_id: int) -> UserShown:
    return UserShown.model_validate(_find(user_id))
