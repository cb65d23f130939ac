"""Facilitators and students, for the office."""

from dataclasses import replace
from decimal import Decimal

from flask import abort
from flask_babel import gettext as _

from portal.accounts.services.profiles import change_facilitator, change_student, hold_facilitator, hold_student
from portal.allocations.services.workload import Terms, change_terms
from portal.api.blueprint import bp
from portal.api.conditional import tag_seen
from portal.api.errors import refuse
from portal.api.operations import TAGGED, Reply, operation
from portal.api.paging import page_reply
from portal.api.queries import people as queries
from portal.api.queries.people import FacilitatorRow, StudentRow
from portal.api.schemas.people import (
    FacilitatorChange,
    FacilitatorQuery,
    FacilitatorShown,
    StudentChange,
    StudentQuery,
    StudentShown,
)
from portal.catalogue.kinds import KINDS
from portal.catalogue.queries.entries import find_entry
from portal.extensions import db
from portal.roles import Role
from portal.web.access import actor, audience, shared

_FACILITATOR, _STUDENT = "/facilitators/<id:facilitator_id>", "/students/<id:student_id>"
_TERMS = frozenset({"fte", "max_course_load", "is_available"})


@bp.get("/facilitators")
@audience(Role.MANAGER, Role.ADMIN)
@operation("List facilitators", query=FacilitatorQuery, answer=list[FacilitatorShown])
def index_facilitators(query: FacilitatorQuery) -> Reply:
    """Those who teach or could."""
    rows, total = queries.list_facilitators(
        query.q, query.is_available, query.department, sort=query.sort, offset=query.offset, limit=query.limit
    )
    return page_reply([FacilitatorShown.model_validate(row) for row in rows], total, query)


@bp.get(_FACILITATOR)
@audience(Role.MANAGER, Role.ADMIN)
@shared
@operation("Read a facilitator", answer=FacilitatorShown)
def show_facilitator(facilitator_id: int) -> FacilitatorShown:
    """One who teaches."""
    return FacilitatorShown.model_validate(_facilitator(facilitator_id))


@bp.patch(_FACILITATOR)
@audience(Role.MANAGER, Role.ADMIN)
@shared
@operation("Change a facilitator", body=FacilitatorChange, answer=FacilitatorShown)
def patch_facilitator(facilitator_id: int, body: FacilitatorChange) -> Reply:
    """Department, specialization, and how much somebody may have. All of it or nothing."""
    hold_facilitator(facilitator_id)
    present = _facilitator(facilitator_id)
    tag_seen(FacilitatorShown.model_validate(present))
    sent = body.model_dump(exclude_unset=True)
    if terms := {name: value for name, value in sent.items() if name in _TERMS}:
        if "fte" in terms:
            terms["fte"] = round(Decimal(str(terms["fte"])), 2)
        seen = Terms(present.fte, present.max_course_load, present.is_available)
        change_terms(facilitator_id, replace(seen, **terms), seen, actor())
    if words := {name: value for name, value in sent.items() if name not in _TERMS}:
        change_facilitator(facilitator_id, words, actor())
    db.session.commit()
    return Reply(FacilitatorShown.model_validate(_facilitator(facilitator_id)), TAGGED)


@bp.get("/students")
@audience(Role.MANAGER, Role.ADMIN)
@operation("List students", query=StudentQuery, answer=list[StudentShown])
def index_students(query: StudentQuery) -> Reply:
    """Those who study."""
    rows, total = queries.list_students(
        query.q, query.cohort_id, query.status, sort=query.sort, offset=query.offset, limit=query.limit
    )
    return page_reply([StudentShown.model_validate(row) for row in rows], total, query)


@bp.get(_STUDENT)
@audience(Role.MANAGER, Role.ADMIN)
@shared
@operation("Read a student", answer=StudentShown)
def show_student(student_id: int) -> StudentShown:
    """One who studies."""
    return StudentShown.model_validate(_student(student_id))


@bp.patch(_STUDENT)
@audience(Role.MANAGER, Role.ADMIN)
@shared
@operation("Change a student", body=StudentChange, answer=StudentShown)
def patch_student(student_id: int, body: StudentChange) -> Reply:
    """Their cohort and how they stand. All of it or nothing."""
    hold_student(student_id)
    tag_seen(StudentShown.model_validate(_student(student_id)))
    sent = body.model_dump(exclude_unset=True)
    cohort = sent.get("cohort_id")
    if cohort is not None and find_entry(KINDS["cohorts"], cohort) is None:
        refuse(400, _("There is no such entry. Choose one from the list."), field="cohort_id")
    change_student(student_id, sent, actor())
    db.session.commit()
    return Reply(StudentShown.model_validate(_student(student_id)), TAGGED)


def _facilitator(facilitator_id: int) -> FacilitatorRow:
    return queries.find_facilitator(facilitator_id) or abort(404)


def _student(student_id: int) -> StudentRow:
    return queries.find_student(student_id) or abort(404)
