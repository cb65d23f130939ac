"""The checklist, as administrators keep it."""

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import DomainError, NotFound, lazy
from portal.extensions import db
from portal.roles import Role
from portal.tracker.forms.checklist import ItemForm
from portal.tracker.queries.checklist import KeptItem, find_kept_item, list_items
from portal.tracker.routes.blueprint import checklist as bp
from portal.tracker.services import checklist
from portal.web.access import actor, audience, shared
from portal.web.pages import page

_ITEM = "/<id:item_id>"


@bp.get("/")
@audience(Role.ADMIN)
def index() -> str:
    """All items in their order, with when each is expected."""
    items = list_items()
    return page("tracker/checklist.html", items=items, last=sum(item.is_active for item in items))


@bp.get("/new")
@audience(Role.ADMIN)
def new_item() -> str:
    """The empty form."""
    return page("tracker/checklist_item.html", item=None, form=ItemForm.of(None))


@bp.post("/new")
@audience(Role.ADMIN)
def create_item() -> BaseResponse | tuple[str, int]:
    """Add an item."""
    form = ItemForm.of(None, request.form)
    if not form.validate():
        return page("tracker/checklist_item.html", item=None, form=form), 422
    try:
        checklist.create_item(form.draft(), actor())
        db.session.commit()
    except DomainError as error:
        return _refused(None, form, error)
    return _done(_("“%(label)s” is on the checklist. Weeks that are not begun expect it.", label=form.draft().label_en))


@bp.get(_ITEM)
@audience(Role.ADMIN)
@shared
def item(item_id: int) -> str:
    """One item, to be changed."""
    found = _find(item_id)
    return page("tracker/checklist_item.html", item=found, form=ItemForm.of(found))


@bp.post(_ITEM)
@audience(Role.ADMIN)
@shared
def change_item(item_id: int) -> BaseResponse | tuple[str, int]:
    """Change its words or weeks."""
    found = _find(item_id)
    form = ItemForm.of(found, request.form)
    if not form.validate():
        return page("tracker/checklist_item.html", item=found, form=form), 422
    try:
        changed = checklist.change_item(item_id, form.draft(), form.version.data or 0, actor())
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        return _refused(item_id, form, error)
    label = form.draft().label_en
    return _done(_("“%(label)s” is changed.", label=label) if changed else _("There was nothing to change."))


@bp.post(f"{_ITEM}/move")
@audience(Role.ADMIN)
@shared
def move_item(item_id: int) -> BaseResponse:
    """One place up or down."""
    checklist.move_item(item_id, -1 if request.form.get("to") == "up" else 1, actor())
    db.session.commit()
    return redirect(url_for("checklist.index") + f"#item-{item_id}", 303)


@bp.post(f"{_ITEM}/active")
@audience(Role.ADMIN)
@shared
def set_item_active(item_id: int) -> BaseResponse | tuple[str, int]:
    """Retire an item, or bring it back."""
    found, wish = _find(item_id), request.form.get("active") == "1"
    try:
        checklist.set_item_active(item_id, wish, actor())
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        return _refused(item_id, ItemForm.of(found), error)
    if wish:
        return _done(_("“%(label)s” is in use again.", label=found.label_en))
    return _done(_("“%(label)s” is retired. Weeks that have it keep it.", label=found.label_en))


def _find(item_id: int) -> KeptItem:
    found = find_kept_item(item_id)
    if found is None:
        raise NotFound(lazy("There is no such checklist item."))
    return found


def _refused(item_id: int | None, form: ItemForm, error: DomainError) -> tuple[str, int]:
    """The form with what is wrong; what was typed stays."""
    db.session.rollback()
    form.show(error)
    found = _find(item_id) if item_id is not None else None
    if found is not None:
        # Whoever sends it again has seen what there is by now.
        form.version.process_data(found.version)
        form.version.raw_data = None
    return page("tracker/checklist_item.html", item=found, form=form), error.status


def _done(said: str) -> BaseResponse:
    flash(said, "done")
    return redirect(url_for("checklist.index"), 303)
