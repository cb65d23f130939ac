"""Entries of the catalogue that are deleted or retired at the moment in which something comes to name them."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.accounts.queries.account import list_departments
from portal.accounts.units import Unit
from portal.allocations.models import CourseOffering
from portal.allocations.services import undoing
from portal.allocations.services.bulk_changes import change_courses, preview_change
from portal.allocations.services.bulk_rules import BulkChange, Deed
from portal.allocations.services.editing import edit_offering
from portal.allocations.services.offerings import OfferingDraft, create_offering
from portal.allocations.services.rollover import Rollover, copy_term, preview_rollover
from portal.audit.services import System
from portal.catalogue.kinds import KINDS
from portal.catalogue.models import Mode, Module
from portal.catalogue.services.entries import delete_entry, set_active
from portal.errors import Conflict, DomainError
from portal.extensions import db
from portal.jobs.works import Owner
from tests.support.api import Program
from tests.support.bulk_changes import TODAY, chosen, do, now
from tests.support.hurry import beside, has_row_locks, wait_for_a_waiter

GONE = 2_000_000
START, END = date(2026, 8, 24), date(2026, 12, 9)
THERE_IS_NONE = "There is no such entry. Choose one from the list."
INVITED = {"first_name": "Zoé", "last_name": "O'Neill", "email": "zoe@example.org", "locale": "en"}


@pytest.mark.every_database
@pytest.mark.in_turn
def test_a_cohort_deleted_while_a_student_is_invited_is_named(app, make, client, sign_in, monkeypatch):
    sign_in(client, make.manager())
    gone = [Unit(GONE, "C-26", "Autumn")]
    monkeypatch.setattr("portal.accounts.routes.people.inviting.list_units", lambda _kind: gone)
    sent = INVITED | {"role": "student", "number": "S-1", "cohort": GONE}
    answer = client.post("/admin/users/invite", data=sent)
    assert answer.status_code == 422
    assert 'id="cohort-error"' in answer.text
    assert THERE_IS_NONE in answer.text
    assert 'id="number-error"' not in answer.text
    monkeypatch.undo()
    assert client.post("/admin/users/invite", data=sent | {"cohort": ""}).status_code == 303, "nothing was kept of it"


@pytest.mark.every_database
@pytest.mark.in_turn
@pytest.mark.parametrize("door", ["page", "program"])
@pytest.mark.parametrize("deed", ["new", "changed"])
def test_a_department_deleted_while_a_module_comes_to_name_it_is_named(
    app, make, client, sign_in, monkeypatch, door, deed
):
    manager, module = make.manager(), make.module(code="CS 1", name="Graphs")
    path = "/modules" if deed == "new" else f"/modules/{module.id}"
    values = {"code": "CS 2" if deed == "new" else "CS 1", "name": "Graphs", "credits": 5, "department_id": GONE}
    if door == "page":
        sign_in(client, manager)
        monkeypatch.setattr("portal.catalogue.forms.list_departments", lambda: [(GONE, "CS", "Computing")])
        answer = client.post(f"/catalogue{path}{'/new' if deed == 'new' else ''}", data=values)
        assert (answer.status_code, "already" in answer.text) == (422, False)
        assert 'id="department_id-error"' in answer.text
        assert THERE_IS_NONE in answer.text
    else:
        monkeypatch.setattr("portal.api.routes.catalogue.department_names", lambda ids: dict.fromkeys(ids, "CS"))
        answer = Program(app, manager)("POST" if deed == "new" else "PATCH", path, values)
        assert (answer.status_code, answer.json["fields"]) == (400, {"department_id": [THERE_IS_NONE]})


@pytest.mark.every_database
@pytest.mark.in_turn
def test_a_department_deleted_while_a_manager_comes_to_answer_for_it_is_said(app, make, client, sign_in, monkeypatch):
    sign_in(client, make.admin())
    manager = make.manager()
    gone = [Unit(GONE, "CS", "Computing")]
    monkeypatch.setattr("portal.accounts.routes.people.person.list_units", lambda _kind: gone)
    answer = client.post(f"/admin/users/{manager.user_id}/office", data={"departments": GONE})
    assert answer.status_code == 303
    said = client.get(answer.headers["Location"]).text
    assert "One of these departments is not there any more. Choose again." in said
    with app.app_context():
        assert list(list_departments(manager.user_id)) == []


def draft_in(like: CourseOffering, **other: Any) -> OfferingDraft:
    """A course beside another one."""
    values = {name: getattr(like, name) for name in ("module_id", "class_id", "cohort_id", "mode_id")}
    return OfferingDraft(**(values | other), academic_year=2026, trimester=3, start_date=START, end_date=END)


def naming(deed: str, make_fresh: Any) -> tuple[Callable[[], object], type[Any], str]:
    """A deed by which a course comes to name an entry; the kind of the entry, and the course's field for it."""
    by = Owner(make_fresh.manager().user_id, None)
    there = make_fresh.offering(academic_year=2026, trimester=3)
    if deed == "create":
        draft = draft_in(there, class_id=make_fresh.study_class().id)
        return lambda: create_offering(draft, by), Module, "module_id"
    if deed == "edit":
        module_id = make_fresh.module().id
        return lambda: edit_offering(there.id, {"module_id": module_id}, 1, by), Module, "module_id"
    if deed == "bulk":
        change = BulkChange(Deed.MODE, mode_id=make_fresh.mode("Hybrid").id)
        seen = preview_change(chosen(there), change, TODAY).seen
        return lambda: change_courses(chosen(there), change, seen, by, TODAY), Mode, "mode_id"
    wanted = Rollover((2026, 3), (2027, 3), 364)
    copied = preview_rollover(wanted, TODAY).seen
    return lambda: copy_term(wanted, copied, by, TODAY, lambda _steps: None), Module, "module_id"


DEEDS = pytest.mark.parametrize("deed", ["create", "edit", "bulk", "rollover"])


@DEEDS
def test_no_course_comes_to_name_what_is_retired_at_that_moment(fresh_app: Flask, make_fresh: Any, deed: str) -> None:
    """It waits for whoever retires, and is told."""
    with fresh_app.app_context():
        if not has_row_locks():
            return
        name_it, model, field = naming(deed, make_fresh)
        kind = next(one for one in KINDS.values() if one.model is model)
        newest = select(func.max(model.id)) if deed != "bulk" else select(model.id).where(model.name == "Hybrid")
        entry_id = db.session.scalar(newest)
        db.session.commit()
        assert set_active(kind, entry_id, False, System())
        with beside(fresh_app, name_it) as end:
            wait_for_a_waiter(db.engine)
            db.session.commit()
            with pytest.raises(DomainError) as refused:
                end()
        assert isinstance(refused.value, Conflict) or refused.value.field == field
        named = select(func.count()).where(getattr(CourseOffering, field) == entry_id, CourseOffering.version > 1)
        assert db.session.scalar(named) == 0


@DEEDS
def test_whoever_retires_waits_for_a_course_that_comes_to_name_it(fresh_app: Flask, make_fresh: Any, deed: str) -> None:
    with fresh_app.app_context():
        if not has_row_locks():
            return
        name_it, model, _field = naming(deed, make_fresh)
        name_it()
        named = update(model).values(is_active=False)
        with beside(fresh_app, lambda: db.session.execute(named)) as end:
            wait_for_a_waiter(db.engine)
            db.session.commit()
            end()


@pytest.mark.every_database
@pytest.mark.in_turn
def test_undoing_leaves_a_course_whose_mode_was_deleted_since(app, make, frozen_time):
    manager = make.manager()
    with app.app_context():
        old = make.mode("Evening")
        one, other = make.offering(mode_id=old.id), make.offering()
        batch = do(chosen(one, other), BulkChange(Deed.MODE, mode_id=make.mode("Hybrid").id), manager)
        before = other.mode_id
        assert delete_entry(KINDS["modes"], old.id, System())
        undone = undoing.undo_change(batch, Owner(manager.user_id, None))
        assert (undone.restored, undone.kept) == (1, 1)
        assert (now(other).mode_id, now(one).version) == (before, 2)
