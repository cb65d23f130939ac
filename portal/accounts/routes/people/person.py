"""One person: who they are, and what those who look after accounts may do."""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts.devices import name_of_device
from portal.accounts.forms.people import ROLE_WORDS, NameForm, OfficeForm, RoleForm, TeachingForm
from portal.accounts.queries import account, directory
from portal.accounts.queries.account import AccountRow
from portal.accounts.queries.directory import INVITABLE, AccountState
from portal.accounts.routes.people.blueprint import bp
from portal.accounts.services import administration, deletion, managers
from portal.accounts.services.administration import OF_MANAGERS, Identification
from portal.accounts.services.sessions import list_sessions
from portal.accounts.units import Kind, list_units
from portal.config.present import present_settings
from portal.errors import Conflict, DomainError, NotAllowed, NotFound, lazy
from portal.extensions import db
from portal.paging import Cursor
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.pages import page

Answer = str | Response | tuple[str, int]
_ID = "<id:user_id>"


@bp.get(f"/{_ID}")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def show(user_id: int) -> str:
    """A person's account, with what may be done about it."""
    return _page(user_id)


@bp.post(f"/{_ID}/identification")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def identify(user_id: int) -> Answer:
    """Give someone another name or address."""
    _find(user_id)
    form = NameForm()
    if not form.validate_on_submit():
        return _page(user_id, names=form), 422
    wanted = Identification(form.email.data, form.first_name.data, form.last_name.data or "", form.seen.data or None)
    try:
        changed = administration.identify(user_id, wanted, current_user.role, actor())
    except (NotAllowed, NotFound):
        raise
    except DomainError as error:
        db.session.rollback()
        form.blame(error)
        return _page(user_id, names=form), error.status
    return _done(user_id, _("Saved.") if changed else _("Nothing was different."))


@bp.post(f"/{_ID}/role")
@audience(Role.ADMIN)
@shared
def change_role(user_id: int) -> Answer:
    """Give someone another role."""
    form = RoleForm()
    if not form.validate_on_submit():
        return _page(user_id), 422
    role, seen = Role(form.role.data), Role(form.seen.data)
    return _try(user_id, lambda: administration.change_role(user_id, role, seen, actor()), _("The role is changed."))


@bp.post(f"/{_ID}/deactivation")
@audience(Role.ADMIN)
@shared
def deactivate(user_id: int) -> Answer:
    """Shut someone out."""
    return _try(
        user_id,
        lambda: administration.deactivate(user_id, actor()),
        _("The account is deactivated. All its sessions have ended."),
    )


@bp.post(f"/{_ID}/reactivation")
@audience(Role.ADMIN)
@shared
def reactivate(user_id: int) -> Answer:
    """Let someone in again."""
    return _try(user_id, lambda: administration.reactivate(user_id, actor()), _("The account is active again."))


@bp.post(f"/{_ID}/sessions/end")
@audience(Role.ADMIN)
@shared
def end_sessions(user_id: int) -> Answer:
    """Sign someone out everywhere."""
    return _try(user_id, lambda: administration.end_all_sessions(user_id, actor()), _("All sessions have ended."))


@bp.post(f"/{_ID}/teaching")
@audience(Role.ADMIN)
@shared
def let_teach(user_id: int) -> Answer:
    """Give a manager or administrator the facilitator's places besides."""
    form = TeachingForm()
    number = form.number.data or ""
    return _try(user_id, lambda: administration.let_teach(user_id, number, actor()), _("They can be allocated now."))


@bp.post(f"/{_ID}/office")
@audience(Role.ADMIN)
@shared
def answer_for(user_id: int) -> Answer:
    """Say for which departments a manager answers, and whether as the head."""
    form = OfficeForm().offer(list_units(Kind.DEPARTMENT))
    if not form.validate_on_submit():
        return _refused(user_id, _("One of these departments is not there any more. Choose again."))
    wanted, is_head = form.departments.data or (), form.is_head.data
    return _try(user_id, lambda: managers.answer_for(user_id, wanted, is_head, actor()), _("Saved."))


@bp.post(f"/{_ID}/anonymisation")
@audience(Role.ADMIN)
@shared
def anonymise(user_id: int) -> Answer:
    """Delete an account for good, once its address was typed to confirm it."""
    found = _find(user_id)
    if request.form.get("email", "").strip().lower() != found.email:
        return _refused(user_id, _("The address was not typed as it stands here. Nothing was deleted."))

    def delete() -> None:
        words = lazy("Nobody deletes their own account here. Ask for it on your profile.")
        administration.check_not_oneself(user_id, actor(), words)
        deletion.anonymise(user_id, actor())

    return _try(user_id, delete, _("The account is deleted."))


def _try(user_id: int, deed: Callable[[], object], said: str) -> Answer:
    """Do something about an account; what stands against it is said on its page."""
    try:
        deed()
    except NotFound:
        raise
    except (Conflict, NotAllowed, DomainError) as error:
        db.session.rollback()
        return _refused(user_id, str(error))
    return _done(user_id, said)


def _done(user_id: int, said: str) -> Response:
    db.session.commit()
    flash(said, "done")
    return redirect(url_for(".show", user_id=user_id), 303)


def _refused(user_id: int, said: str) -> Response:
    flash(said, "problem")
    return redirect(url_for(".show", user_id=user_id), 303)


def _find(user_id: int) -> AccountRow:
    found = account.find_row(user_id)
    if found is None:
        abort(404)
    return found


def _page(user_id: int, names: NameForm | None = None) -> str:
    found = _find(user_id)
    invitations = account.list_invitations(user_id)
    is_admin = current_user.role is Role.ADMIN
    if names:
        names.seen.data = found.seen
    context: dict[str, Any] = {
        "person": found,
        "state": directory.state_of(user_id) or AccountState.ACTIVE,
        "State": AccountState,
        "invitable": INVITABLE,
        "roles": ROLE_WORDS,
        "names": names or NameForm(formdata=None, obj=found),
        "cohorts": {unit.id: unit.code for unit in list_units(Kind.COHORT)} if found.cohort_id else {},
        "invitations": invitations,
        "until": next((one.expires_at for one in invitations if one.is_open), None),
        "is_admin": is_admin,
        "may_edit": found.anonymised_at is None and (is_admin or found.role in OF_MANAGERS),
        "is_self": found.id == current_user.id,
        "teaching": TeachingForm(formdata=None),
        "changes": account.list_changes(user_id) if is_admin else [],
        "attempts": account.page_of_attempts(user_id, Cursor.decode(request.args.get("after"))) if is_admin else None,
        "sessions": list_sessions(user_id, present_settings().session_idle) if is_admin else [],
        "office": _office(found) if is_admin and found.role is Role.MANAGER else None,
        "is_by_department": present_settings().portal_manager_scope == "department",
        "name_of_device": name_of_device,
        "audit_address": f"/admin/audit/?entity=users&entity_id={user_id}",
    }
    return page("accounts/people/person.html", **context)


def _office(found: AccountRow) -> OfficeForm:
    """What a manager answers for; gone from the choices is what the catalogue has no more."""
    present = {"is_head": bool(found.is_head), "departments": list(account.list_departments(found.id))}
    return OfficeForm(formdata=None, data=present).offer(list_units(Kind.DEPARTMENT))
