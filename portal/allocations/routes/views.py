"""Saved views of the list: keep the present one under a name, change it, delete it."""

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.allocations.forms.listing import ListForm
from portal.allocations.forms.views import ChangeViewForm, ViewForm
from portal.allocations.queries.views import ViewRow, find_own_view
from portal.allocations.routes.blueprint import bp
from portal.allocations.services import views
from portal.errors import Conflict
from portal.extensions import db
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.pages import page


@bp.get("/views/new")
@audience(Role.MANAGER, Role.ADMIN)
def new_view() -> str:
    """The form that keeps the list of its own address."""
    return _page(ViewForm(formdata=None), None)


@bp.post("/views")
@audience(Role.MANAGER, Role.ADMIN)
def save_view() -> BaseResponse | tuple[str, int]:
    """Keep a list under a name."""
    form = ViewForm()
    if not form.validate():
        return _page(form, None), 422
    try:
        args = _listed().to_args()
        views.save_view(current_user.id, form.name.data, args, form.is_shared.data, actor())
        db.session.commit()
    except Conflict as error:
        return _refused(form, None, error)
    return _done(_("“%(name)s” is saved.", name=form.name.data), args)


@bp.get("/views/<id:view_id>")
@audience(Role.MANAGER, Role.ADMIN)
@owned("whose view it is")
def edit_view(view_id: int) -> str:
    """The form that changes one's own view; its address holds the list that was on the screen."""
    view = _own(view_id)
    return _page(ChangeViewForm(formdata=None, name=view.name, is_shared=view.is_shared), view)


@bp.post("/views/<id:view_id>")
@audience(Role.MANAGER, Role.ADMIN)
@owned("whose view it is")
def change_view(view_id: int) -> BaseResponse | tuple[str, int]:
    """Rename a view, share it or not, or have it show the present list."""
    view, form = _own(view_id), ChangeViewForm()
    if not form.validate():
        return _page(form, view), 422
    args = _listed().to_args() if form.takes_filters.data else dict(view.args)
    try:
        views.change_view(view_id, current_user.id, form.name.data, args, form.is_shared.data, actor())
        db.session.commit()
    except Conflict as error:
        return _refused(form, view, error)
    return _done(_("“%(name)s” is saved.", name=form.name.data), args)


@bp.post("/views/<id:view_id>/delete")
@audience(Role.MANAGER, Role.ADMIN)
@owned("whose view it is")
def delete_view(view_id: int) -> BaseResponse:
    """Forget a view; the list stays as it is on the screen."""
    name = views.delete_view(view_id, current_user.id, actor())
    db.session.commit()
    return _done(_("“%(name)s” is deleted.", name=name), _listed().to_args())


def _listed() -> ListForm:
    return ListForm.from_args(request.args)


def _own(view_id: int) -> ViewRow:
    return find_own_view(current_user.id, view_id) or abort(404)


def _page(form: ViewForm, view: ViewRow | None) -> str:
    return page("allocations/view.html", form=form, view=view, listed=_listed())


def _refused(form: ViewForm, view: ViewRow | None, error: Conflict) -> tuple[str, int]:
    db.session.rollback()
    form.name.errors = [str(error)]
    return _page(form, view), error.status


def _done(said: str, args: dict[str, object]) -> BaseResponse:
    flash(said, "done")
    return redirect(url_for(".index", _external=False, **args), 303)  # type: ignore[arg-type]
