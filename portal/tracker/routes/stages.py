"""The ladder of reminders, as administrators set it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.catalogue.calendar import due_at, monday_of, rules_of
from portal.config.present import present_settings
from portal.errors import DomainError, NotFound, lazy
from portal.extensions import db
from portal.folding import whole_number
from portal.roles import Role
from portal.tracker.forms.stages import NewStageForm, StageForm
from portal.tracker.ladder import ALERT, BEFORE, DUE, ESCALATED, MISSING, TODAY, Ladder, base_of
from portal.tracker.queries.alerts import list_heads
from portal.tracker.queries.stages import KeptStage, find_stage, list_stages, read_ladder
from portal.tracker.routes.blueprint import stages as bp
from portal.tracker.services.stages import add_stage, change_stage, remove_stage
from portal.web.access import actor, audience, shared
from portal.web.pages import page


@dataclass(frozen=True, slots=True)
class Step:
    """A stage on the page: what happens at it, its form, and when it begins for the deadline that serves as example."""

    kept: KeptStage
    title: str
    about: str
    form: StageForm
    begins_at: datetime

    @property
    def is_before(self) -> bool:
        """Whether its days count back from the deadline."""
        return base_of(self.kept.key) in BEFORE


@bp.get("/")
@audience(Role.ADMIN)
def index() -> str:
    """All stages, each to be changed."""
    return _page()


@bp.post("/")
@audience(Role.ADMIN)
def add() -> BaseResponse | tuple[str, int]:
    """Tell some of them once more."""
    form = NewStageForm(request.form)
    if not form.validate():
        return _page(new=form), 422
    try:
        stage_id = add_stage(form.who.data, form.new_days.data, actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return _page(new=form), error.status
    flash(_("Added. It holds from the next reminders on."), "done")
    return redirect(url_for(".index") + f"#stage-{stage_id}", 303)


@bp.post("/<id:stage_id>/remove")
@audience(Role.ADMIN)
@shared
def remove(stage_id: int) -> BaseResponse:
    """Take away a stage that was added."""
    try:
        remove_stage(stage_id, whole_number(request.form.get("version")) or 0, actor())
        db.session.commit()
        flash(_("Removed. What was told at it stays told."), "done")
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        flash(str(error), "problem")
    return redirect(url_for(".index"), 303)


@bp.post("/<id:stage_id>")
@audience(Role.ADMIN)
@shared
def change(stage_id: int) -> BaseResponse | tuple[str, int]:
    """Move a stage, switch it off or on."""
    found = find_stage(stage_id)
    if found is None:
        raise NotFound(lazy("There is no such stage."))
    form = StageForm.of(found, request.form)
    if not form.validate():
        return _page(found.id, form), 422
    try:
        changed = change_stage(stage_id, form.draft(), form.version.data or 0, actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return _page(found.id, form), error.status
    flash(_("Saved. It holds from the next reminders on.") if changed else _("There was nothing to change."), "done")
    return redirect(url_for(".index") + f"#stage-{stage_id}", 303)


def _page(stage_id: int | None = None, form: StageForm | None = None, new: NewStageForm | None = None) -> str:
    """The page; the form of one stage, or of a new one, may hold what was typed, and what is wrong with it."""
    rules, now = rules_of(present_settings()), clock.now()
    deadline = due_at(monday_of(now.astimezone(rules.zone).date()), rules)
    ladder = read_ladder(rules.zone)
    steps = [_step(kept, ladder, deadline, form if kept.id == stage_id else None) for kept in list_stages()]
    return page("tracker/stages.html", steps=steps, deadline=deadline, has_head=bool(list_heads()),
                form=form or new, new=new or NewStageForm(None))  # fmt: skip


def _step(kept: KeptStage, ladder: Ladder, deadline: datetime, form: StageForm | None) -> Step:
    title, about = _words()[base_of(kept.key)]
    if kept.is_added:
        title = _("%(stage)s, once more", stage=title)
    if form is not None and form.errors:
        # Whoever sends it again has seen what there is by now.
        form.version.process_data(kept.version)
        form.version.raw_data = None
    return Step(kept, title, about, form or StageForm.of(kept), ladder.begins_at(kept.stage, deadline))


def _words() -> dict[str, tuple[Any, Any]]:
    return {
        DUE: (_("First reminder"), _("Whoever owes the week is told that it is due soon.")),
        TODAY: (_("On the day"), _("Whoever owes the week is told of the deadline, with all else that is due.")),
        MISSING: (_("It is missing"), _("Whoever owes the week is told that the deadline has passed.")),
        ALERT: (
            _("To the manager"),
            _("The managers of the course’s department are told; all managers where nobody answers for it."),
        ),
        ESCALATED: (_("To the head"), _("The heads of the office are told.")),
    }
