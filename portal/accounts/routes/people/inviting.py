"""Inviting someone new, several people of the list, or all that match."""

from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts.forms.people import InviteForm, PeopleForm
from portal.accounts.queries import directory, find_person_by_email
from portal.accounts.queries.directory import INVITABLE
from portal.accounts.routes.people.blueprint import bp
from portal.accounts.services import administration, invitations
from portal.accounts.services.administration import OF_MANAGERS, NewPerson
from portal.accounts.services.people import UserDraft
from portal.accounts.units import Kind, list_units
from portal.errors import DomainError, NotAllowed
from portal.extensions import db
from portal.folding import whole_number
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.pages import page

Answer = str | Response | tuple[str, int]
_MOST_CHOSEN = 200
_FILTERS = ("q", "role", "state", "department")


def _mine() -> frozenset[Role]:
    return frozenset(Role) if current_user.role is Role.ADMIN else OF_MANAGERS


def _form(**given: Any) -> InviteForm:
    roles = _mine()
    return InviteForm(**given).offer(sorted(roles, key=list(Role).index, reverse=True), list_units(Kind.COHORT))


@bp.get("/invite")
@audience(Role.MANAGER, Role.ADMIN)
def ask() -> str:
    """The form for someone new."""
    return _invite_page(_form(formdata=None))


@bp.post("/invite")
@audience(Role.MANAGER, Role.ADMIN)
def invite() -> Answer:
    """Make an account and send the link for its first password."""
    form = _form()
    if not form.validate_on_submit():
        return _invite_page(form), 422
    names = (form.first_name.data, form.last_name.data or "")
    draft = UserDraft(form.email.data, Role(form.role.data), *names, form.locale.data)
    number, department = (form.number.data or "").strip(), (form.department.data or "").strip()
    wanted = NewPerson(draft, number, department, form.cohort.data)
    try:
        user = administration.add_person(wanted, current_user.role, actor())
    except NotAllowed:
        raise
    except DomainError as error:
        db.session.rollback()
        form.blame(error)
        return _invite_page(form, known=error.field == "email"), error.status
    invitations.invite_people([user.id], current_user.role, _key(), actor(), renew=False)
    db.session.commit()
    flash(_("%(email)s is invited. The link works for seven days.", email=user.email), "done")
    return redirect(url_for(".show", user_id=user.id), 303)


def _invite_page(form: InviteForm, *, known: bool = False) -> str:
    """The form; with `known`, what is known of whoever has the address already."""
    found = find_person_by_email(form.email.data) if known else None
    person = found[0] if found else None
    context: dict[str, Any] = {
        "form": form,
        "known": person,
        "may_invite": person and person.role in _mine() and directory.state_of(person.id) in INVITABLE,
        "departments": directory.list_departments(),
    }
    return page("accounts/people/invite.html", **context)


@bp.post("/invitations")
@audience(Role.MANAGER, Role.ADMIN)
def invite_many() -> Answer:
    """What inviting a choice of people would do; once confirmed, do it."""
    form = PeopleForm.from_args(request.form)
    chosen = _chosen(form)
    if not chosen:
        flash(_("Choose someone first."), "problem")
        return redirect(url_for(".index", **form.to_args()), 303)
    if request.form.get("confirmed") != "1":
        plan = invitations.plan_invitations(chosen, current_user.role)
        kept = {name: request.form.get(name, "") for name in (*_FILTERS, "sort", "which")}
        ids = request.form.getlist("id")[:_MOST_CHOSEN] if kept["which"] != "all" else []
        return page("accounts/people/invitations.html", plan=plan, kept=kept, ids=ids, form=form)
    renew = request.form.get("renew") == "1"
    sent = invitations.invite_people(chosen, current_user.role, _key(), actor(), renew=renew)
    db.session.commit()
    flash(ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", sent), "done")
    return redirect(url_for(".index", **form.to_args()), 303)


@bp.post("/<id:user_id>/invitation")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def invite_again(user_id: int) -> Response:
    """Send someone the link for their first password, or a new one."""
    _look_after(user_id)
    sent = invitations.invite_people([user_id], current_user.role, _key(), actor(), renew=True)
    db.session.commit()
    if sent:
        flash(_("The invitation is on its way."), "done")
    else:
        flash(_("No invitation was sent: they were invited a moment ago, or need none."), "problem")
    return redirect(url_for(".show", user_id=user_id), 303)


@bp.post("/<id:user_id>/invitation/withdraw")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def withdraw(user_id: int) -> Response:
    """Make someone's link work no more."""
    _look_after(user_id)
    ended = invitations.withdraw_invitation(user_id, actor())
    db.session.commit()
    flash(_("The invitation is withdrawn.") if ended else _("There was no open invitation."), "done")
    return redirect(url_for(".show", user_id=user_id), 303)


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])


def _look_after(user_id: int) -> None:
    """Raises NotFound for nobody, NotAllowed for someone who is not theirs to look after."""
    administration.check_may_look_after(current_user.role, administration.role_of(user_id))


def _chosen(form: PeopleForm) -> list[int]:
    """The ids that were ticked, or of all that the list's filter lets through."""
    if request.form.get("which") == "all":
        return list(directory.list_ids(form.wanted))
    sent = request.form.getlist("id")[:_MOST_CHOSEN]
    return [number for text in sent if (number := whole_number(text))]
