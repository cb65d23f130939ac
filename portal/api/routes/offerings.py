"""Course offerings: read by whoever may see them, written by the office, open ones by whoever teaches them."""

from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.allocations.models import OfferingKind
from portal.allocations.services import OfferingDraft, assign_facilitator, create_offering
from portal.allocations.services.assignment import allocate_created
from portal.allocations.services.deleting import delete_offering
from portal.allocations.services.offerings import status_by_dates
from portal.api.blueprint import bp
from portal.api.conditional import version_seen
from portal.api.errors import refuse
from portal.api.operations import Reply, operation
from portal.api.paging import page_reply
from portal.api.proving import renamed
from portal.api.queries.offerings import Reader, Shown, count_offerings, list_offerings
from portal.api.queries.offerings import find_offering as find
from portal.api.routes.offering_changes import change_as_sent, with_term
from portal.api.schemas.offerings import (
    Assignment,
    OfferingChange,
    OfferingNew,
    OfferingQuery,
    OfferingShown,
    OfferingWhole,
)
from portal.extensions import db
from portal.pulses import COURSES, NAMES, PEOPLE
from portal.roles import Role
from portal.scoping import past_departments
from portal.web.access import actor, audience, everyone, owned, person_now, shared
from portal.web.locale import present_day

_ONE = "/course-offerings/<id:offering_id>"
_SEEN = (COURSES, NAMES, PEOPLE)
_MANAGES = frozenset({Role.MANAGER, Role.ADMIN})
_WRITES = "managers and administrators any; facilitators open courses that they teach"


@bp.get("/course-offerings")
@everyone
@operation("List course offerings", query=OfferingQuery, answer=list[OfferingShown], subjects=_SEEN)
def index_offerings(query: OfferingQuery) -> Reply:
    """The courses that a filter lets through: the office sees all, others what they teach, are on, or may join."""
    if query.intake and query.intake_period and query.intake is not query.intake_period:
        refuse(400, _("%(field)s is given twice", field="Intake"), field="intake")
    wanted, by = query.wanted(), reader()
    rows = list_offerings(wanted, by, sort=query.sort, offset=query.offset, limit=query.limit)
    return page_reply(rows, count_offerings(wanted, by), query)


@bp.post("/course-offerings")
@audience(Role.MANAGER, Role.ADMIN, Role.FACILITATOR)
@operation("Make a course offering", body=OfferingNew, answer=OfferingShown, status=201, errors=(404,))
def add_offering(body: OfferingNew) -> Reply:
    """A course; with `facilitator_id` it is allocated at once. Facilitators make open courses, which are theirs.

    One that is over by its dates is completed: with who taught it, and without weekly logs.
    """
    teaches = body.facilitator_id
    if not _manages():
        if body.kind is not OfferingKind.OPEN or teaches not in {None, current_user.facilitator_id}:
            abort(403)
        teaches = current_user.facilitator_id
    today = present_day()
    values = with_term(body.model_dump(exclude={"facilitator_id", "reason"}))
    status = status_by_dates(body.start_date, body.end_date, today)
    made = create_offering(OfferingDraft(**values, status=status), actor())
    if teaches is not None:
        with renamed(facilitator="facilitator_id"):
            allocate_created(made, teaches, actor(), today, body.reason)
    db.session.commit()
    return _reply(made.id, {"Location": url_for("api.show_offering", offering_id=made.id)})


@bp.get(_ONE)
@everyone
@owned("whoever teaches the course or is on it; open courses anybody's; managers and administrators any")
@operation("Read a course offering", answer=OfferingShown, subjects=_SEEN)
def show_offering(offering_id: int) -> Reply:
    """One course."""
    return _reply(offering_id)


@bp.put(_ONE)
@audience(Role.MANAGER, Role.ADMIN, Role.FACILITATOR)
@owned(_WRITES)
@operation("Write a course offering anew", body=OfferingWhole, answer=OfferingShown)
def replace_offering(offering_id: int, body: OfferingWhole) -> Reply:
    """The whole of a course: what is left out becomes empty; the facilitator too. A status left out stays."""
    present = _writable(offering_id)
    sent = with_term(body.model_dump(exclude={"version"}))
    if not _manages():  # their open course stays theirs
        sent["facilitator_id"] = sent["facilitator_id"] or current_user.facilitator_id
    return _change(present, sent, body.version)


@bp.patch(_ONE)
@audience(Role.MANAGER, Role.ADMIN, Role.FACILITATOR)
@owned(_WRITES)
@operation("Change a course offering", body=OfferingChange, answer=OfferingShown)
def change_offering(offering_id: int, body: OfferingChange) -> Reply:
    """A part of a course; what is left out stays. All of it or nothing."""
    return _change(_writable(offering_id), body.model_dump(exclude_unset=True, exclude={"version"}), body.version)


@bp.delete(_ONE)
@audience(Role.MANAGER, Role.ADMIN, Role.FACILITATOR)
@owned(_WRITES)
@operation("Delete a course offering", status=204)
def remove_offering(offering_id: int) -> None:
    """A course on which nobody is and nobody worked; any other can be cancelled: `{"status": "cancelled"}`."""
    present = _writable(offering_id)
    delete_offering(offering_id, version_seen(None, present["version"]), actor())
    db.session.commit()


@bp.post(f"{_ONE}/assign")
@audience(Role.MANAGER, Role.ADMIN)
@shared
@operation("Allocate a facilitator", body=Assignment, answer=OfferingShown)
def assign_offering(offering_id: int, body: Assignment) -> Reply:
    """Allocate a facilitator, change them, or take them away with null. Over their limit only with a `reason`."""
    present = _writable(offering_id)
    seen = version_seen(body.version, present["version"])
    with renamed(facilitator="facilitator_id"):
        assign_facilitator(offering_id, body.facilitator_id, seen, actor(), present_day(), body.reason)
    db.session.commit()
    with past_departments():  # one that was theirs because they taught it may be theirs no longer
        return _reply(offering_id)


def reader() -> Reader:
    """Whose courses the asker may read."""
    person = person_now()
    if person.role in _MANAGES:
        return Reader(sees_all=True)
    return Reader(False, person.facilitator_id, person.id if person.role is Role.STUDENT else None)


def _change(present: Shown, sent: dict[str, Any], version: int | None) -> Reply:
    seen = version_seen(version, present["version"])
    if not _manages() and sent.get("facilitator_id", current_user.facilitator_id) != current_user.facilitator_id:
        abort(403)
    with renamed(facilitator="facilitator_id"):
        change_as_sent(present["id"], sent, seen, present_day(), actor())
    db.session.commit()
    with past_departments():
        return _reply(present["id"])


def _writable(offering_id: int) -> Shown:
    """The course that the asker may write."""
    found = find(offering_id, reader()) or abort(404)
    own = found["kind"] is OfferingKind.OPEN and (found["facilitator"] or {}).get("id") == current_user.facilitator_id
    return found if _manages() or own else abort(404)


def _reply(offering_id: int, headers: dict[str, str] | None = None) -> Reply:
    found = find(offering_id, reader()) or abort(404)
    return Reply(found, {"ETag": f'"{found["version"]}"', **(headers or {})})


def _manages() -> bool:
    return current_user.role in _MANAGES
